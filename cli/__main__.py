"""Start the command `tmdb-traction`; `python -m cli` is the same."""

import signal


def main() -> None:
    """Run the command line."""
    # Google's libraries take seconds to import: Ctrl-C then ends without a traceback.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    from cli.app import app

    signal.signal(signal.SIGINT, signal.default_int_handler)
    app()


if __name__ == "__main__":
    main()
