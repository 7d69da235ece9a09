"""An asyncio client by hand: aiohttp, aiolimiter, retries with exponential back-off."""

import asyncio
import json
import random
import time
from typing import Any

import aiohttp
from aiolimiter import AsyncLimiter

from benchmarks.peers.landing import CONNECTIONS, RETRY_S, Task, run, store

RETRIED = (429, 500, 502, 503, 504)


async def _get(
    session: aiohttp.ClientSession, limiter: AsyncLimiter, path: str, **params: str
) -> Any:  # noqa: ANN401 - JSON
    """Return the JSON at a path; retried for RETRY_S."""
    until, pause_s = time.monotonic() + RETRY_S, 0.5
    while True:
        async with limiter, session.get(path, params=params) as response:
            if response.status not in RETRIED or time.monotonic() > until:
                response.raise_for_status()
                return await response.json()
            after_s = float(response.headers.get("Retry-After", 0))
        await asyncio.sleep(after_s or random.uniform(0, pause_s))
        pause_s = min(2 * pause_s, 8.0)


async def _load(task: Task) -> list[tuple[int, str]]:
    # One at a time: aiolimiter's own burst of a whole second would end in 429s.
    limiter = AsyncLimiter(1, 1 / task.rate) if task.rate else AsyncLimiter(10**6, 1)
    async with aiohttp.ClientSession(
        task.url + "/",
        headers={"Authorization": f"Bearer {task.token}"},
        connector=aiohttp.TCPConnector(limit=CONNECTIONS),
    ) as session:
        lists = await asyncio.gather(
            *(
                _get(
                    session,
                    limiter,
                    "discover/movie",
                    sort_by="popularity.desc",
                    page=str(number),
                )
                for number in range(1, task.pages + 1)
            )
        )
        ids = dict.fromkeys(row["id"] for page in lists for row in page["results"])
        movies = await asyncio.gather(
            *(_get(session, limiter, f"movie/{movie_id}") for movie_id in ids),
            return_exceptions=True,
        )
    return [
        (movie["id"], json.dumps(movie)) for movie in movies if isinstance(movie, dict)
    ]


def load(task: Task) -> int:
    """List pages at once, then details at once."""
    return store(task.out, asyncio.run(_load(task)))


if __name__ == "__main__":
    run(load)
