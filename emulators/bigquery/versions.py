"""Check that the installed packages are the versions the emulator was tested with.

The error names each difference. Our patches replace internals of local-bigquery, which
translates SQL with sqlglot for DuckDB: with other versions of these, numbers could
differ without an error.
"""

from importlib import metadata

TRIED = {"duckdb": "2.0.0", "local-bigquery": "0.4.0", "sqlglot": "30.30.0"}


class BigQueryEmulatorError(RuntimeError):
    """The emulator cannot run, or has ended; the message says why."""


def refuse_untried() -> None:
    """Raise BigQueryEmulatorError unless exactly the tried versions are installed."""
    differences = [
        f"{name} {_installed(name)} instead of {version}"
        for name, version in TRIED.items()
        if _installed(name) != version
    ]
    if differences:
        raise BigQueryEmulatorError(
            f"The BigQuery emulator was not tried with {', '.join(differences)}. "
            "Run `uv sync`, which installs the locked versions."
        )


def _installed(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "(absent)"
