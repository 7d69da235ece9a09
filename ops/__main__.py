"""Collect the commands: `python -m ops --help`."""

import typer

from ops.dead_letters import dead_letters, replay_dead_letters
from ops.deploy import deploy
from ops.destroy import destroy
from ops.doctor import doctor
from ops.explain import explain
from ops.remote_state import remote_state
from ops.smoke import smoke

app = typer.Typer(
    help="Operate a deployment. Exit codes: 0 done, 1 something to mend, 2 wrong use.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
)
app.command()(doctor)
app.command()(deploy)
app.command("remote-state")(remote_state)
app.command()(smoke)
app.command()(explain)
app.command()(dead_letters)
app.command()(replay_dead_letters)
app.command()(destroy)

if __name__ == "__main__":
    app(prog_name="python -m ops")
