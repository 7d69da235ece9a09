"""Ask before something is started."""

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
            leave(Exit.INTERRUPTED)
        raise OperatorError(
            Exit.USAGE, "nobody answered", "write --yes where nobody can answer"
        ) from error
    if not is_wanted:
        typer.echo("Nothing was started.")
        leave(Exit.FAILED)
