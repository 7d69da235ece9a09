"""Choose the environment variables of the local stack's processes.

Variables such as `DEBUG`, `PYTHONPATH` or `BIGQUERY_DATASET` in the user's shell are
meant for other programs. A child process gets only the variables below and its own
settings. The user's proxy is used for all addresses but those of this machine.
"""

import os
import urllib.request
from collections.abc import Mapping, MutableMapping, Sequence

KEPT = (
    # What any program needs to run.
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "TMPDIR",
    "LD_LIBRARY_PATH",
    "DYLD_LIBRARY_PATH",
    "DYLD_FALLBACK_LIBRARY_PATH",
    "NIX_LD",
    "NIX_LD_LIBRARY_PATH",
    "JAVA_HOME",
)
"""Variables of the user that every child process gets."""

KEPT_OUTSIDE = ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
"""Variables of the user that a child with outside connections gets, with proxies."""

CHOSEN = {
    # Files are UTF-8, whatever the terminal's encoding.
    "PYTHONUTF8": "1",
    "PYTHONNOUSERSITE": "1",
    # As in the cloud.
    "TZ": "UTC",
}
"""Fixed variables of every child process."""

LOOPBACK = ("127.0.0.1", "localhost", "::1")

_PROXIED = ("http", "https", "all", "grpc")
_EVERYWHERE = "*"


def of_child(
    given: Mapping[str, str] | None = None,
    *,
    goes_outside: bool = False,
    user: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Return a child's whole environment: user's, fixed and given variables.

    goes_outside: it calls the real TMDB, with the user's proxy and certificates.
    """
    user = os.environ if user is None else user
    names = (*KEPT, *KEPT_OUTSIDE) if goes_outside else KEPT
    made = {name: user[name] for name in names if user.get(name)}
    made |= CHOSEN
    if goes_outside:
        for name, url in _proxies(user).items():
            made[f"{name}_proxy"] = made[f"{name.upper()}_PROXY"] = url
        _spare(made, user)
    return made | dict(given or {})


def spare_loopback() -> None:
    """Exclude this machine from the proxy of this process's clients."""
    found = _proxies(os.environ)
    for name in _PROXIED:
        if name in found:
            # Set explicitly: NO_PROXY alone would hide the proxy of macOS's settings.
            os.environ[f"{name}_proxy"] = found[name]
        else:
            os.environ.pop(f"{name}_proxy", None)
            os.environ.pop(f"{name.upper()}_PROXY", None)
    if found:
        _spare(os.environ, os.environ)


def _proxies(user: Mapping[str, str]) -> dict[str, str]:
    """Return scheme -> proxy: of the environment, else of macOS's settings."""
    if _EVERYWHERE in _direct(user):
        return {}
    found = {
        # Lower-case names take precedence, also if they are empty, as in urllib.
        name: user.get(f"{name}_proxy", user.get(f"{name.upper()}_PROXY", ""))
        for name in _PROXIED
    }
    if not any(found.values()) and user is os.environ:
        settings = urllib.request.getproxies()
        found = {name: settings.get(name, "") for name in _PROXIED}
    return {name: url for name, url in found.items() if url}


def _direct(user: Mapping[str, str]) -> list[str]:
    """Return the hosts that the user wants to reach without a proxy."""
    no_proxy = user.get("no_proxy") or user.get("NO_PROXY") or ""
    return [host for part in no_proxy.split(",") if (host := part.strip())]


def _spare(target: MutableMapping[str, str], user: Mapping[str, str]) -> None:
    """Exclude loopback from the proxy; gRPC reads lower-case names only."""
    target["no_proxy"] = target["NO_PROXY"] = _with_loopback(_direct(user))
    if grpcs := user.get("no_grpc_proxy"):
        # If it is set, gRPC does not read no_proxy.
        target["no_grpc_proxy"] = _with_loopback(grpcs.split(","))


def _with_loopback(hosts: Sequence[str]) -> str:
    return ",".join(dict.fromkeys([*hosts, *LOOPBACK]))
