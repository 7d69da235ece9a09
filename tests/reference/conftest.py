"""Fixtures of the comparisons with the SQL: the sandbox of the SQL tests."""

from tests.sql.conftest import prepared, sandbox

__all__ = ["prepared", "sandbox"]
