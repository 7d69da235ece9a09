"""The operator's command line: python -m ops COMMAND; `make` is thin over it."""
