"""Our client alone, without the functions: list, then eight batches at once."""

import json
from concurrent.futures import ThreadPoolExecutor
from itertools import batched

from benchmarks.peers.landing import RETRY_S, Task, run, store
from shared.interfaces import Reply
from shared.runs import MOVIES_PER_BATCH
from shared.tmdb import Tmdb

BATCHES_AT_ONCE = 8
"""The concurrency of fetch_details."""
UNLIMITED = 10_000.0


def load(task: Task) -> int:
    """Fetch as fetch_details does: batches share one rate and its connections."""
    tmdb = Tmdb(
        task.url,
        "",
        lambda: task.token,
        rate=task.rate or UNLIMITED,
        retry_s=RETRY_S,
        chunk_s=10 * RETRY_S,
    )
    ids = [movie.movie_id for movie in tmdb.most_popular(task.movies)]

    def fetch(batch: tuple[int, ...]) -> list[Reply]:
        return tmdb.movies(batch)

    with ThreadPoolExecutor(BATCHES_AT_ONCE) as pool:
        batches = batched(ids, MOVIES_PER_BATCH, strict=False)
        replies = [reply for replies in pool.map(fetch, batches) for reply in replies]
    movies = ((one.movie_id, json.dumps(one.movie)) for one in replies if one.is_found)
    return store(task.out, movies)


if __name__ == "__main__":
    run(load)
