"""The commands of `tmdb-traction`, in groups, with what their exit codes mean."""

import signal

if (_on_interrupt := signal.getsignal(signal.SIGINT)) is signal.default_int_handler:
    # The imports below take a second: Ctrl-C then ends without a traceback.
    signal.signal(signal.SIGINT, signal.SIG_DFL)

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import typer

from cli.command import Group, command
from cli.commands.backfill import backfill
from cli.commands.chart import chart
from cli.commands.cost import cost
from cli.commands.dashboard import dashboard
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
from cli.errors import MEANINGS, Exit, as_help

type Codes = Mapping[Exit, str]

_DEPLOY, _RUNS, _DATA = "Deploy", "Runs", "Data"
_USAGE = {Exit.USAGE: "wrong use"}
_AT_GOOGLE = {
    **_USAGE,
    Exit.NOT_FOUND: "no project or no data",
    Exit.UNREACHABLE: "Google or the local stack does not answer",
}
_CHECKED = {**_USAGE, Exit.DONE: "done", Exit.FAILED: "a step or a check failed"}
_STARTED = {
    **_AT_GOOGLE,
    Exit.DONE: "started, or nothing to do",
    Exit.FAILED: "you answered no",
}
_DECIDED = {
    **_AT_GOOGLE,
    Exit.DONE: "done, now or before",
    Exit.FAILED: "you answered no",
}


@dataclass(frozen=True, slots=True)
class Command:
    """A command: its name, its function, its group in --help and its exit codes."""

    name: str
    work: Callable[..., None]
    group: str
    codes: Codes


COMMANDS = [
    Command("doctor", doctor, _DEPLOY, {**_CHECKED, Exit.DONE: "nothing is missing"}),
    Command("deploy", deploy, _DEPLOY, _CHECKED),
    Command("smoke", smoke, _DEPLOY, {**_CHECKED, Exit.DONE: "it works"}),
    Command("remote-state", remote_state, _DEPLOY, _CHECKED),
    Command("destroy", destroy, _DEPLOY, _CHECKED),
    Command("plan", plan, _RUNS, {**_AT_GOOGLE, Exit.DONE: "planned"}),
    Command(
        "load",
        load,
        _RUNS,
        {
            **_STARTED,
            Exit.FAILED: "you answered no, or the day's load has failed",
            Exit.IN_PROGRESS: "it has already started",
        },
    ),
    Command(
        "status",
        status,
        _RUNS,
        {
            **_AT_GOOGLE,
            Exit.DONE: "published",
            Exit.FAILED: "a run is partial or failed, or a function is behind",
            Exit.NOT_FOUND: "no such run, no run yet",
            Exit.IN_PROGRESS: "a run is in progress",
            Exit.INTERRUPTED: "interrupted by Ctrl-C; the runs go on",
        },
    ),
    Command("backfill", backfill, _RUNS, _STARTED),
    Command(
        "dead-letters",
        dead_letters,
        _RUNS,
        {**_AT_GOOGLE, Exit.DONE: "there is none", Exit.FAILED: "there are some"},
    ),
    Command(
        "replay-dead-letters",
        replay_dead_letters,
        _RUNS,
        {
            **_AT_GOOGLE,
            Exit.DONE: "all chosen messages were published",
            Exit.FAILED: "some stay",
        },
    ),
    Command(
        "validate",
        validate,
        _DATA,
        {
            **_AT_GOOGLE,
            Exit.DONE: "no finding, or warnings only",
            Exit.FAILED: "a check failed",
        },
    ),
    Command("withhold", withhold, _DATA, _DECIDED),
    Command(
        "publish",
        publish,
        _DATA,
        {**_DECIDED, Exit.FAILED: "a check fails, or you answered no"},
    ),
    Command(
        "explain",
        explain,
        _DATA,
        {
            **_AT_GOOGLE,
            Exit.DONE: "explained",
            Exit.FAILED: "no such movie, several, or no score of that day",
        },
    ),
    Command(
        "chart",
        chart,
        _DATA,
        {
            **_AT_GOOGLE,
            Exit.DONE: "shown",
            Exit.NOT_FOUND: "no project, no data, or not shown at that moment",
        },
    ),
    Command(
        "export",
        export,
        _DATA,
        {**_AT_GOOGLE, Exit.DONE: "written", Exit.FAILED: "BigQuery refused it"},
    ),
    Command("cost", cost, _DATA, {**_AT_GOOGLE, Exit.DONE: "printed"}),
    Command("dashboard", dashboard, _DATA, {**_AT_GOOGLE, Exit.DONE: "written"}),
]

app = typer.Typer(
    cls=Group,
    help="Operate the pipeline in a project or on this machine.\n\n"
    "A project is named by --project or by PROJECT in the environment. Without one, a "
    "command works on the stack that `make local` keeps up, else, to read only, on "
    "what `make demo` has stored.\n\n"
    "Complete commands and options with the Tab key: tmdb-traction "
    "--install-completion",
    epilog=as_help(MEANINGS),
    pretty_exceptions_show_locals=False,
)
for one in COMMANDS:
    app.command(one.name, epilog=as_help(one.codes), rich_help_panel=one.group)(
        command(one.work)
    )


def main() -> None:
    """Run the command line."""
    # A shell starts its background jobs with SIGINT ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    app()


signal.signal(signal.SIGINT, _on_interrupt)
if __name__ == "__main__":
    main()
