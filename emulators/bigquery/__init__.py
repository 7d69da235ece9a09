"""BigQuery on a laptop, for the unmodified google-cloud-bigquery client.

In: a folder for the data. Out: a process that speaks BigQuery's REST API on `.url` and
its storage API (gRPC) on `.storage_address`: PyPI's local-bigquery over DuckDB, started
without any download (see `offline.py` for what that takes and costs).

It proves that SQL computes the right numbers, not that BigQuery would accept the SQL;
and SQL can read files, so it listens on loopback only.
"""

from emulators.bigquery.folder import FolderHeldError
from emulators.bigquery.process import BigQueryEmulator
from emulators.bigquery.versions import BigQueryEmulatorError

__all__ = ["BigQueryEmulator", "BigQueryEmulatorError", "FolderHeldError"]
