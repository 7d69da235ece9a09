"""Requests to a TMDB simulator."""

import requests

from emulators.tmdb import TmdbSimulator


def get(sim: TmdbSimulator, path: str, **params: object) -> requests.Response:
    """Request a path of the API with the simulator's token."""
    return requests.get(
        f"{sim.base_url}{path}",
        params={k: str(v) for k, v in params.items()},
        headers={"Authorization": f"Bearer {sim.token}"},
        timeout=10,
    )
