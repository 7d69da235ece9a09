"""A thread pool over tmdbv3api, a public client, with a limiter and retries mounted.

The package itself has neither: requests-ratelimiter and urllib3's Retry are what its
session takes.
"""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import requests
from requests_ratelimiter import LimiterAdapter
from tmdbv3api import Discover, Movie, TMDb
from urllib3.util import Retry

from benchmarks.peers.landing import CONNECTIONS, Task, run, store


def load(task: Task) -> int:
    """List pages at once, then details at once; a movie that fails is left out."""
    retry = Retry(total=8, backoff_factor=0.5, status_forcelist=[429, 500, 502, 503])
    session = requests.Session()
    adapter = LimiterAdapter(
        per_second=task.rate or 10**6, max_retries=retry, pool_maxsize=CONNECTIONS
    )
    session.mount("http://", adapter)
    session.headers["Authorization"] = f"Bearer {task.token}"
    clients = [TMDb(session=session), Discover(), Movie()]
    for client in clients:
        client.cache = False
        client.api_key = "in-the-header"
        client._base = task.url  # noqa: SLF001 - it has no option for that
    _, discover, movie = clients

    def page(number: int) -> list[int]:
        params = {"sort_by": "popularity.desc", "page": number}
        return [row.id for row in discover.discover_movies(params)]

    def details(movie_id: int) -> dict[str, Any] | None:
        try:
            found: dict[str, Any] = movie.details(movie_id, append_to_response="")._json  # noqa: SLF001
        except Exception:  # noqa: BLE001 - it raises whatever reading a body raises
            return None
        return found

    with ThreadPoolExecutor(CONNECTIONS) as pool:
        numbers = range(1, task.pages + 1)
        ids = dict.fromkeys(found for ids in pool.map(page, numbers) for found in ids)
        movies = [one for one in pool.map(details, ids) if one]
    return store(task.out, ((one["id"], json.dumps(one)) for one in movies))


if __name__ == "__main__":
    run(load)
