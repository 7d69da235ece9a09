"""BigQuery on a laptop, for the unmodified google-cloud-bigquery client.

In: a folder for the data. Out: a process that speaks BigQuery's REST API on `.url` and
its storage API (gRPC) on `.storage_address`: PyPI's local-bigquery over DuckDB, started
without any download (see `offline.py` for what that takes and costs).

It proves that SQL computes the right numbers, not that BigQuery would accept the SQL;
and SQL can read files, so it listens on loopback only.
"""

from local.bigquery_emulator.folder import FolderHeldError
from local.bigquery_emulator.process import BigQueryEmulator
from local.bigquery_emulator.versions import BigQueryEmulatorError

__all__ = ["BigQueryEmulator", "BigQueryEmulatorError", "FolderHeldError"]
