"""Start the command `tmdb-traction`; `python -m cli` is the same."""

import signal


def main() -> None:
    """Run what the command line names."""
    # Google's libraries take seconds to import: Ctrl-C meanwhile ends us in silence.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    from cli.app import app

    signal.signal(signal.SIGINT, signal.default_int_handler)
    app()


if __name__ == "__main__":
    main()
