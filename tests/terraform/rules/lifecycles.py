"""Lifecycles, which are in the files and not in a plan."""

import re
from collections.abc import Iterator

NAMED_BY_OTHERS = {
    "google_monitoring_notification_channel": "an alert policy still names it",
}
"""Type of resource -> why its deletion is refused before others have changed."""


def others_let_go_first(text: str) -> Iterator[str]:
    """Delete a resource only after those that name it have been changed."""
    for kind, why in NAMED_BY_OTHERS.items():
        blocks = re.findall(rf'(?ms)^resource "{kind}" "(\w+)" \{{\n(.*?)^\}}', text)
        if not blocks:
            yield f"there is no {kind}"
        for name, block in blocks:
            if not re.search(r"^ +create_before_destroy = true$", block, re.MULTILINE):
                yield f"{kind}.{name} cannot be deleted: {why}"
