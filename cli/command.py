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
from google.api_core.exceptions import (
    BadRequest,
    Forbidden,
    GoogleAPICallError,
    NotFound,
)
from google.auth.exceptions import GoogleAuthError
from requests import RequestException
from rich.text import Text

from cli.errors import Exit, OperatorError, leave
from cli.options import SELECTOR_OPTIONS, Selector
from emulators import environment
from local.console import open_console, take_any_letter
from shared.errors import PipelineError, TransientError

NAME = "tmdb-traction"
EXAMPLE = "$ "
LOGIN = "gcloud auth application-default login"
ROLES = 'docs/reference/configuration.md, "Who may do what", says which role holds it'


def command(work: Callable[..., None]) -> Callable[..., None]:
    """Return the function that typer makes a command of."""
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
    # What typer reads the options from.
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
        """Run a command; wrong use is printed like every other error."""
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
            hint = f"write --yes where nobody can answer; what else it asks for: {see}"
            print_error("nobody answered", hint)
            sys.exit(Exit.USAGE)
        sys.exit(code or Exit.DONE)


@contextmanager
def errors_in_words() -> Iterator[None]:
    """Turn what was raised on purpose into an error, a hint and an exit code."""
    try:
        yield
    except OperatorError as error:
        print_error(error.message, error.hint)
        leave(error.code)
    except KeyboardInterrupt:
        leave(Exit.INTERRUPTED)
    except GoogleAuthError as error:
        print_error(f"Google does not know who you are: {_first_line(error)}", LOGIN)
        leave(Exit.NOT_FOUND)
    except PipelineError as error:
        leave(_print_pipeline(error))
    except NotFound as error:
        _print_not_found(error)
        leave(Exit.NOT_FOUND)
    except Forbidden as error:
        print_error(*_explain_403(error))
        leave(Exit.FAILED)
    except BadRequest as error:
        print_error(_first_line(error), "")
        leave(Exit.FAILED)
    except GoogleAPICallError as error:
        print_error(
            f"{type(error).__name__}: {_first_line(error)}", "try again in a while"
        )
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
            Exit.FAILED,
            f"{what}{error.strerror or error}",
            "free some space, or make it writable",
        ) from error


def _print_pipeline(error: PipelineError) -> Exit:
    """Print what one of our own edges raised; Google's error is its cause."""
    is_away = isinstance(error, TransientError)
    match error.__cause__:
        case NotFound() as cause:
            _print_not_found(cause)
            return Exit.NOT_FOUND
        case Forbidden() as cause if not is_away:
            print_error(*_explain_403(cause))
            return Exit.FAILED
    print_error(error.reason.splitlines()[0], error.hint)
    return Exit.UNREACHABLE if is_away else Exit.FAILED


def print_error(message: str, hint: str = "") -> None:
    """Print what is wrong, and what to do about it, on stderr."""
    console = open_console(is_error=True, soft_wrap=True)
    console.print(Text.assemble(("error:", "red"), f" {message}"))
    if hint:
        console.print(Text.assemble(("hint:", "cyan"), f" {hint}"))


def _print_not_found(error: NotFound) -> None:
    print_error(
        f"not found: {_first_line(error)}",
        "check --project and --dataset; `make deploy` creates the tables and "
        "`tmdb-traction load` fills them",
    )


def _first_line(error: Exception) -> str:
    text = getattr(error, "message", None) or str(error) or type(error).__name__
    return str(text).splitlines()[0]


def _explain_403(error: Forbidden) -> tuple[str, str]:
    """Return which permission is missing, and the hint.

    Google's ErrorInfo says so by its reason; without one, Google's own sentence does.
    """
    about = error.metadata or {}
    service = str(about.get("service", "the API"))
    # "projects/123456789012"
    consumer = str(about.get("consumer", "the project")).rsplit("/", 1)[-1]
    match error.reason:
        case "SERVICE_DISABLED":
            return (
                f"{service} is off in project {consumer}",
                f"gcloud services enable {service} --project={consumer}",
            )
        case "USER_PROJECT_DENIED":
            said = f"you may not use the APIs of project {consumer}"
            role = "roles/serviceusage.serviceUsageConsumer"
            return said, f"you need serviceusage.services.use on {consumer} ({role})"
        case "IAM_PERMISSION_DENIED":
            permission = str(about.get("permission", "a permission"))
            resource = str(about.get("resource", "the resource"))
            return f"{permission} is missing on {resource}", f"ask for it: {ROLES}"
    text = str(error.message or "").splitlines() or ["403 Forbidden"]
    return text[0], f"ask for the permission that it names: {ROLES}"
