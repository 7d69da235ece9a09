"""Articles: keeps movie_articles, the Wikipedia articles of the tracked movies.

After a run is published, and never at its cost: what Wikidata does not answer now, the
next daily or weekly run asks for.
"""

import json
import logging
from datetime import date
from itertools import batched
from time import monotonic
from typing import Any

from shared import sql_files
from shared.clients import Clients
from shared.errors import PipelineError
from shared.interfaces import Articles, Row
from shared.runs import Mode, Run
from shared.wikidata import IDS_PER_REQUEST

log = logging.getLogger(__name__)

LONGEST_S = 60.0
"""After so long no more items are asked for; the next run asks for the rest."""
_STATEMENTS = sql_files.of_folder("attention")


def look_up(mode: Mode, run_date: date, clients: Clients) -> None:
    """Look up the articles that are due; a failure is logged, never raised."""
    wikidata = clients.wikidata
    if wikidata is None or mode not in {Mode.DAILY, Mode.WEEKLY}:
        return
    about: dict[str, Any] = {"run_id": Run(mode, run_date).run_id}
    try:
        due = clients.tables.select(_STATEMENTS["articles_due"], run_date=run_date)
        answers, error = _answers(due, wikidata)
        if answers:
            clients.tables.execute(
                _STATEMENTS["keep_articles"],
                run_date=run_date,
                answers=json.dumps(answers),
            )
    except PipelineError as refusal:
        log.warning("articles_not_looked_up", extra=about | refusal.to_json())
        return
    about |= {"due": len(due), "looked_up": len(answers)}
    if error:
        log.warning("articles_not_looked_up", extra=about | error.to_json())
    elif due:
        log.info("articles_looked_up", extra=about)


def _answers(
    due: list[dict[str, Any]], wikidata: Articles
) -> tuple[list[Row], PipelineError | None]:
    """Return what Wikidata answered, and what ended it early, if anything."""
    answers: list[Row] = []
    began = monotonic()
    for movies in batched(due, IDS_PER_REQUEST, strict=False):
        if monotonic() - began > LONGEST_S:
            break
        try:
            titles = wikidata.titles([movie["wikidata_id"] for movie in movies])
        except PipelineError as error:
            return answers, error
        answers += [movie | {"title": titles[movie["wikidata_id"]]} for movie in movies]
    return answers, None
