"""Collect the commands: `python -m cli --help`."""

import signal
from collections.abc import Callable, Mapping

if __name__ == "__main__":
    # Google's libraries take seconds to import: Ctrl-C meanwhile ends us in silence.
    signal.signal(signal.SIGINT, signal.SIG_DFL)

import typer

from cli.command import verb
from cli.commands.backfill import backfill
from cli.commands.cost import cost
from cli.commands.dead_letters import dead_letters, replay_dead_letters
from cli.commands.deploy import deploy
from cli.commands.destroy import destroy
from cli.commands.doctor import doctor
from cli.commands.explain import explain
from cli.commands.export import export
from cli.commands.load import load
from cli.commands.plan import plan
from cli.commands.publish import publish
from cli.commands.remote_state import remote_state
from cli.commands.smoke import smoke
from cli.commands.status import status
from cli.commands.validate import validate
from cli.commands.withhold import withhold
from cli.errors import MEANINGS, Exit, in_words

type Codes = Mapping[Exit, str]

_DEPLOY, _RUNS, _DATA = "Deploy", "Runs", "Data"
_NOTHING = {Exit.USAGE: "wrong use", Exit.NOTHING_THERE: "no project or no data"}
_AWAY = {Exit.UNREACHABLE: "it does not answer"}
_ENDED = {Exit.DONE: "done", Exit.AMISS: "something to mend", Exit.USAGE: "wrong use"}
_STARTED = {
    Exit.DONE: "started, or nothing to do",
    Exit.AMISS: "you said no",
    **_NOTHING,
    **_AWAY,
}
_DECIDED = {
    Exit.DONE: "done, or so already",
    Exit.AMISS: "you said no",
    **_NOTHING,
    **_AWAY,
}

VERBS: list[tuple[str, Callable[..., None], str, Codes]] = [
    ("doctor", doctor, _DEPLOY, {**_ENDED, Exit.DONE: "all is there"}),
    ("deploy", deploy, _DEPLOY, _ENDED),
    ("smoke", smoke, _DEPLOY, {**_ENDED, Exit.DONE: "it works"}),
    ("remote-state", remote_state, _DEPLOY, _ENDED),
    ("destroy", destroy, _DEPLOY, _ENDED),
    ("plan", plan, _RUNS, {Exit.DONE: "planned", **_NOTHING, **_AWAY}),
    (
        "load",
        load,
        _RUNS,
        {
            **_STARTED,
            Exit.AMISS: "you said no, or the day's load has failed",
            Exit.NOT_YET: "it is under way already",
        },
    ),
    (
        "status",
        status,
        _RUNS,
        {
            Exit.DONE: "published",
            Exit.AMISS: "a run is partial or failed",
            Exit.USAGE: "wrong use",
            Exit.NOTHING_THERE: "no such run, no run yet",
            Exit.NOT_YET: "under way",
            **_AWAY,
            Exit.STOPPED: "Ctrl-C",
        },
    ),
    ("backfill", backfill, _RUNS, _STARTED),
    (
        "dead-letters",
        dead_letters,
        _RUNS,
        {Exit.DONE: "none", Exit.AMISS: "some", **_NOTHING, **_AWAY},
    ),
    (
        "replay-dead-letters",
        replay_dead_letters,
        _RUNS,
        {
            Exit.DONE: "all chosen were published",
            Exit.AMISS: "some stay",
            **_NOTHING,
            **_AWAY,
        },
    ),
    (
        "validate",
        validate,
        _DATA,
        {
            Exit.DONE: "nothing, or warnings only",
            Exit.AMISS: "a check failed",
            **_NOTHING,
            **_AWAY,
        },
    ),
    ("withhold", withhold, _DATA, _DECIDED),
    (
        "publish",
        publish,
        _DATA,
        {**_DECIDED, Exit.AMISS: "a check fails, or you said no"},
    ),
    (
        "explain",
        explain,
        _DATA,
        {
            Exit.DONE: "explained",
            Exit.AMISS: "no such movie, or no score of that day",
            **_NOTHING,
            **_AWAY,
        },
    ),
    (
        "export",
        export,
        _DATA,
        {Exit.DONE: "written", Exit.AMISS: "BigQuery refused it", **_NOTHING, **_AWAY},
    ),
    ("cost", cost, _DATA, {Exit.DONE: "told", **_NOTHING, **_AWAY}),
]

app = typer.Typer(
    help="Operate the pipeline: a project (PROJECT=... or --project), or the stack and "
    "the data on this machine.",
    epilog=in_words(MEANINGS),
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
)
for name, work, panel, codes in VERBS:
    app.command(name, epilog=in_words(codes), rich_help_panel=panel)(verb(work))

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)
    app(prog_name="python -m cli")
