"""The predecessor's client: one request after another, 0.25 s of sleep after each.

As its ingestion does it: a timeout of 30 s, 3 tries with 1 and 2 s between them
whatever the status, a movie that fails is skipped.
"""

import json
import time
from typing import Any

import requests

from benchmarks.peers.landing import Task, run, store

SLEEP_S = 0.25
TIMEOUT_S = 30
TRIES = 3


def load(task: Task) -> int:
    """List page by page, then fetch movie by movie."""
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {task.token}"

    def get(path: str, **params: str) -> dict[str, Any] | None:
        for attempt in range(TRIES):
            response = session.get(
                f"{task.url}/{path}", params=params, timeout=TIMEOUT_S
            )
            if response.ok:
                time.sleep(SLEEP_S)
                body: dict[str, Any] = response.json()
                return body
            if attempt < TRIES - 1:
                time.sleep(2**attempt)
        return None

    ids: dict[int, None] = {}
    for number in range(1, task.pages + 1):
        listed = get("discover/movie", sort_by="popularity.desc", page=str(number))
        if listed is None:
            break
        ids |= dict.fromkeys(row["id"] for row in listed["results"])
    movies = [movie for one in ids if (movie := get(f"movie/{one}"))]
    return store(task.out, ((movie["id"], json.dumps(movie)) for movie in movies))


if __name__ == "__main__":
    run(load)
