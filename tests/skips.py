"""A pytest plugin: with TESTS_MAY_SKIP=0 in the environment, a skipped test fails.

.ci/run sets it on machines where all that a test may need is installed. Otherwise a
machine that lacks something could pass with most of its tests skipped.
"""

import os
from collections.abc import Generator

import pytest


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[
    None, pytest.TestReport, pytest.TestReport
]:
    """Turn a skip into a failure that names the reason."""
    report = yield
    is_skipped = report.skipped and not hasattr(report, "wasxfail")
    if is_skipped and os.environ.get("TESTS_MAY_SKIP") == "0":
        report.outcome = "failed"
        reason = report.longrepr[-1] if isinstance(report.longrepr, tuple) else ""
        report.longrepr = f"TESTS_MAY_SKIP=0, and this test was skipped: {reason}"
    return report
