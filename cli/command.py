"""Turn a function into a command, with the conventions of all commands.

A parameter `selector: Selector` becomes the options that name the deployment. An
expected error is printed in two lines on stderr, `error:` and `hint:`, and ends the
command with a code of `cli/errors.py`; a traceback is a defect.

A paragraph of the docstring whose lines begin with `$ ` holds examples.
"""

import inspect
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, get_type_hints, override

import typer
from rich.text import Text

from cli.errors import Exit, OperatorError, leave
from cli.options import SELECTOR_OPTIONS, Selector
from emulators import environment
from local.console import open_console, take_any_letter

NAME = "tmdb-traction"
EXAMPLE = "$ "


def command(work: Callable[..., None]) -> Callable[..., None]:
    """Return the function that typer turns into a command."""
    hints = get_type_hints(work, include_extras=True)
    own = [
        parameter.replace(annotation=hints[parameter.name])
        for parameter in inspect.signature(work).parameters.values()
    ]
    deployment = next((one.name for one in own if one.annotation is Selector), None)
    shown = [one for one in own if one.name != deployment]
    if deployment:
        shown += SELECTOR_OPTIONS

    def run(**values: Any) -> None:  # noqa: ANN401 - whatever typer has read
        environment.spare_loopback()
        take_any_letter()
        with errors_in_words(), files_in_words():
            if deployment:
                named = {one.name: values.pop(one.name) for one in SELECTOR_OPTIONS}
                values[deployment] = Selector.of(**named)
            work(**values)

    paragraphs, examples = documentation(work)
    if examples:
        lines = (f"{EXAMPLE}{one}" for one in examples)
        paragraphs.append("\n".join(("Examples:", *lines)))
    run.__doc__ = "\n\n".join(paragraphs)
    run.__name__ = work.__name__
    run.__annotations__ = {one.name: one.annotation for one in shown}
    # typer reads the options from it.
    run.__signature__ = inspect.Signature(shown)  # type: ignore[attr-defined]
    return run


def documentation(work: Callable[..., None]) -> tuple[list[str], list[str]]:
    """Return the paragraphs of a command's docstring, and its examples."""
    paragraphs, examples = [], []
    for text in inspect.cleandoc(work.__doc__ or "").split("\n\n"):
        if text.startswith(EXAMPLE):
            examples += [line.removeprefix(EXAMPLE) for line in text.splitlines()]
        else:
            paragraphs.append(" ".join(text.split()))
    return paragraphs, examples


class Group(typer.core.TyperGroup):
    """The commands of `tmdb-traction`; without one it prints its help."""

    @override
    def main(
        self, args: Sequence[str] | None = None, *more: Any, **options: Any
    ) -> Any:
        """Run a command; print usage errors like all others."""
        options |= {"prog_name": NAME, "standalone_mode": False}
        words = list(sys.argv[1:] if args is None else args)
        try:
            code = super().main(words or ["--help"], *more, **options)
        except typer.TyperException as error:
            context = getattr(error, "ctx", None)
            path = context.command_path if context else NAME
            print_error(error.format_message(), f"{path} --help")
            sys.exit(error.exit_code)
        except typer.Abort as error:
            if not isinstance(error.__context__, EOFError):
                sys.exit(Exit.INTERRUPTED)
            see = f"{NAME} {words[0]} --help"
            hint = f"add --yes in scripts; for the other prompts: {see}"
            print_error("the question was not answered", hint)
            sys.exit(Exit.USAGE)
        sys.exit(code or Exit.DONE)


@contextmanager
def errors_in_words() -> Iterator[None]:
    """Turn an expected error into a message, a hint and an exit code."""
    try:
        yield
    except OperatorError as error:
        print_error(error.message, error.hint)
        leave(error.code)
    except KeyboardInterrupt:
        leave(Exit.INTERRUPTED)
    except (typer.Exit, typer.Abort, typer.TyperException):
        raise
    except Exception as error:
        from cli import google_errors

        if (explained := google_errors.in_words(error)) is None:
            raise
        print_error(explained.message, explained.hint)
        leave(explained.code)


@contextmanager
def files_in_words() -> Iterator[None]:
    """Say what could not be written: a full disk, a file without permission."""
    try:
        yield
    except BrokenPipeError:
        raise  # typer silently ends a command whose reader has closed the pipe
    except OSError as error:
        from requests import RequestException

        if isinstance(error, RequestException):
            raise
        what = f"{error.filename}: " if error.filename else ""
        raise OperatorError(
            Exit.FAILED,
            f"{what}{error.strerror or error}",
            "free some space, or make it writable",
        ) from error


def print_error(message: str, hint: str = "") -> None:
    """Print an error and its hint on stderr."""
    console = open_console(is_error=True, soft_wrap=True)
    console.print(Text.assemble(("error:", "red"), f" {message}"))
    if hint:
        console.print(Text.assemble(("hint:", "cyan"), f" {hint}"))
