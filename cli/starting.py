"""Starting: what a command is about to publish in, a person's yes out."""

import typer

from cli.errors import Exit, OperatorError, leave


def agree(question: str, *, yes: bool) -> None:
    """Ask, unless told not to; leave when the answer is no."""
    if yes:
        return
    try:
        is_wanted = typer.confirm(question)
    except typer.Abort as error:
        if isinstance(error.__context__, KeyboardInterrupt):
            leave(Exit.STOPPED)
        raise OperatorError(
            Exit.USAGE, "nobody answered", "say --yes (YES=1) where nobody can"
        ) from error
    if not is_wanted:
        typer.echo("Nothing was started.")
        leave(Exit.AMISS)
