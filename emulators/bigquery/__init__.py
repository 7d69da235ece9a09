"""A BigQuery emulator for the unmodified google-cloud-bigquery client.

It serves BigQuery's REST API on `.url` and, on request, its storage API (gRPC) on
`.storage_address`. It is PyPI's local-bigquery over DuckDB, patched to start without
downloads (`offline.py`) and to answer faster (the other modules).

It proves that SQL computes the right numbers, not that BigQuery would accept the SQL;
and SQL can read files, so it listens on loopback only.
"""

from emulators.bigquery.folder import FolderHeldError
from emulators.bigquery.process import BigQueryEmulator
from emulators.bigquery.versions import BigQueryEmulatorError

__all__ = ["BigQueryEmulator", "BigQueryEmulatorError", "FolderHeldError"]
