"""Measurements; each module prints a table when run by `python -m`."""
