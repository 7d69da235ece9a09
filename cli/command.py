"""Verb: a function that does the work in, a command with our conventions out.

A parameter `where: Where` becomes the options that say which deployment is meant, the
same for every command. Whatever goes wrong on purpose is told in words, with the
remedy and a code of `exits`; a traceback is a defect.
"""

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, get_type_hints

from google.api_core.exceptions import (
    BadRequest,
    Forbidden,
    GoogleAPICallError,
    NotFound,
)
from google.auth.exceptions import GoogleAuthError
from requests import RequestException
from rich.text import Text

from cli import permissions
from cli.errors import Exit, OperatorError, leave
from cli.options import WHERE_OPTIONS, Where
from emulators import environment
from local.console import open_console, take_any_letter
from shared.errors import PipelineError, TransientError

LOGIN = "gcloud auth application-default login"


def verb(work: Callable[..., None]) -> Callable[..., None]:
    """Return the command that typer is given."""
    hints = get_type_hints(work, include_extras=True)
    own = [
        parameter.replace(annotation=hints[parameter.name])
        for parameter in inspect.signature(work).parameters.values()
    ]
    place = next((one.name for one in own if one.annotation is Where), None)
    shown = [one for one in own if one.name != place]
    if place:
        shown += WHERE_OPTIONS

    def command(**said: Any) -> None:  # noqa: ANN401 - whatever typer has read
        environment.spare_loopback()
        take_any_letter()
        with errors_in_words(), files_in_words():
            if place:
                named = {one.name: said.pop(one.name) for one in WHERE_OPTIONS}
                said[place] = Where.of(**named)
            work(**said)

    # typer keeps the line breaks of all but the first paragraph.
    paragraphs = inspect.cleandoc(work.__doc__ or "").split("\n\n")
    command.__doc__ = "\n\n".join(" ".join(text.split()) for text in paragraphs)
    command.__name__ = work.__name__
    command.__annotations__ = {one.name: one.annotation for one in shown}
    # What typer reads the options from.
    command.__signature__ = inspect.Signature(shown)  # type: ignore[attr-defined]
    return command


@contextmanager
def errors_in_words() -> Iterator[None]:
    """Turn what was raised on purpose into a text, a remedy and an exit code."""
    try:
        yield
    except OperatorError as error:
        _tell(error.said, error.remedy)
        leave(error.code)
    except KeyboardInterrupt:
        leave(Exit.STOPPED)
    except GoogleAuthError as error:
        _tell(f"Google does not know who you are: {_first_line(error)}", LOGIN)
        leave(Exit.NOTHING_THERE)
    except PipelineError as error:
        leave(_tell_pipeline(error))
    except NotFound as error:
        _tell_missing(error)
        leave(Exit.NOTHING_THERE)
    except Forbidden as error:
        _tell(*permissions.in_words(error))
        leave(Exit.AMISS)
    except BadRequest as error:
        _tell(_first_line(error), "")
        leave(Exit.AMISS)
    except GoogleAPICallError as error:
        _tell(f"{type(error).__name__}: {_first_line(error)}", "try again in a while")
        leave(Exit.UNREACHABLE)


@contextmanager
def files_in_words() -> Iterator[None]:
    """Name what could not be written: a full disk, a file that is not for us."""
    try:
        yield
    except RequestException as error:
        raise OperatorError(
            Exit.UNREACHABLE, _first_line(error), "try again in a while"
        ) from error
    except BrokenPipeError:
        raise  # typer ends a command whose reader has gone, in silence
    except OSError as error:
        what = f"{error.filename}: " if error.filename else ""
        raise OperatorError(
            Exit.AMISS,
            f"{what}{error.strerror or error}",
            "make room for it, or make it writable",
        ) from error


def _tell_pipeline(error: PipelineError) -> Exit:
    """Tell what one of our own edges raised; what Google said is its cause."""
    is_away = isinstance(error, TransientError)
    match error.__cause__:
        case NotFound() as cause:
            _tell_missing(cause)
            return Exit.NOTHING_THERE
        case Forbidden() as cause if not is_away:
            _tell(*permissions.in_words(cause))
            return Exit.AMISS
    _tell(error.reason.splitlines()[0], error.remedy)
    return Exit.UNREACHABLE if is_away else Exit.AMISS


def _tell(said: str, remedy: str) -> None:
    console = open_console(is_error=True, soft_wrap=True)
    console.print(Text.assemble(("error:", "red"), f" {said}"))
    if remedy:
        console.print(f"  {remedy}")


def _tell_missing(error: NotFound) -> None:
    _tell(
        f"it is not there: {_first_line(error)}",
        "is the project right (PROJECT=...), the dataset (--dataset), and has "
        "`make deploy` made them, and `make load` filled them?",
    )


def _first_line(error: Exception) -> str:
    text = getattr(error, "message", None) or str(error) or type(error).__name__
    return str(text).splitlines()[0]
