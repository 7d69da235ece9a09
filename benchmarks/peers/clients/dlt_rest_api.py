"""dlt's rest_api source into DuckDB: a list, and details of each of its movies.

Parallelised as its documentation recommends: `parallelized` on the dependent resource,
and as many workers as connections are allowed. Merged by id, so that nothing is
doubled. dlt retries 429 and 5xx by itself, here for a minute. It has no rate limit:
with --limited its session gets one, requests-ratelimiter.
"""

import os
from typing import Any

import dlt
import duckdb
from dlt.sources.helpers.requests import Client
from dlt.sources.rest_api import rest_api_source
from requests_ratelimiter import LimiterAdapter

from benchmarks.peers.landing import CONNECTIONS, Task, run

ATTEMPTS, LONGEST_PAUSE_S = 12, 8
"""A minute of retries: 1, 2 and 4 s, and then 8 s again and again."""


def load(task: Task) -> int:
    """Run a pipeline; its folder is beside the database."""
    os.environ["EXTRACT__WORKERS"] = str(CONNECTIONS)
    os.environ["EXTRACT__MAX_PARALLEL_ITEMS"] = str(2 * CONNECTIONS)
    # As long as the other clients: its default of 5 tries is soon used up by 429s.
    session = Client(
        max_connections=CONNECTIONS,
        request_max_attempts=ATTEMPTS,
        request_max_retry_delay=LONGEST_PAUSE_S,
    ).session
    if task.limited and task.rate:
        adapter = LimiterAdapter(per_second=task.rate, pool_maxsize=CONNECTIONS)
        session.mount("http://", adapter)
    popular: dict[str, Any] = {
        "name": "popular",
        "endpoint": {
            "path": "discover/movie",
            "params": {"sort_by": "popularity.desc"},
            "data_selector": "results",
            "paginator": {
                "type": "page_number",
                "base_page": 1,
                "total_path": "total_pages",
                # The first page that is not read.
                "maximum_page": task.pages + 1,
            },
        },
        "selected": False,
    }
    details: dict[str, Any] = {
        "name": "movies",
        "endpoint": {
            "path": "movie/{resources.popular.id}",
            "data_selector": "$",
            "paginator": "single_page",
        },
        "primary_key": "id",
        "write_disposition": "merge",
        "parallelized": True,
    }
    source = rest_api_source(
        {
            "client": {
                "base_url": task.url + "/",
                "auth": {"type": "bearer", "token": task.token},
                "session": session,
            },
            "resources": [popular, details],
        }
    )
    pipeline = dlt.pipeline(
        pipeline_name="peers",
        pipelines_dir=str(task.out.with_suffix(".dlt")),
        destination=dlt.destinations.duckdb(str(task.out)),
        dataset_name="tmdb",
    )
    pipeline.run(source)
    with duckdb.connect(str(task.out)) as database:
        [count] = database.execute("SELECT COUNT(*) FROM tmdb.movies").fetchall()[0]
    return int(count)


if __name__ == "__main__":
    run(load)
