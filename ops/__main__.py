"""python -m ops: the operator's commands, on the demo's data or a real project."""

import typer

from ops.explain import explain

app = typer.Typer(
    help="Look into the pipeline: the demo's data, or --project's.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
)
app.callback()(lambda: None)  # a single command still has its name
app.command()(explain)

if __name__ == "__main__":
    app()
