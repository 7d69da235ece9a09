"""Calls: how a person calls a function by hand, ready to paste."""

import json
import shlex
from collections.abc import Mapping
from typing import Any

CALL_TIMEOUT_S = 540
"""As long as a function may take."""


def curl(project: str, region: str, function: str, body: Mapping[str, Any]) -> str:
    """Return a call that shows the answer and waits for it.

    `gcloud functions call` shows "400 Client Error" instead of our answer, and gives up
    after 300 s.
    """
    where = f"--project={project} --region={region}"
    value = "--format='value(serviceConfig.uri)'"
    uri = f"gcloud functions describe {function} {where} {value}"
    header = "Authorization: Bearer $(gcloud auth print-identity-token)"
    return (
        f'curl --max-time {CALL_TIMEOUT_S} --header "{header}" '
        f'--json {shlex.quote(json.dumps(body))} "$({uri})"'
    )
