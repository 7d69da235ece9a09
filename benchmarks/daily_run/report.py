"""Print where the seconds of a run went."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from benchmarks.daily_run.spans import Span, by_kind, covered_s, whole_s


def show(console: Console, work: Sequence[Span], queries: Sequence[Span]) -> None:
    """Print one table of the functions, one of their queries."""
    everything = [*work, *queries]
    functions = Table(title="By function, in seconds", title_justify="left")
    functions.add_column("function")
    for name in ("at work", "in BigQuery", "queries", "in all", "longest"):
        functions.add_column(name, justify="right")
    for function in dict.fromkeys(span.function for span in _in_order(everything)):
        own = [span for span in everything if span.function == function]
        of_function = [span for span in queries if span.function == function]
        functions.add_row(
            function,
            f"{covered_s(own):.2f}",
            f"{covered_s(of_function):.2f}",
            str(len(of_function)),
            f"{sum(span.seconds for span in of_function):.2f}",
            f"{max((span.seconds for span in of_function), default=0.0):.2f}",
        )
    whole, busy = whole_s(everything), covered_s(everything)
    functions.add_section()
    functions.add_row("any of them", f"{busy:.2f}", "", str(len(queries)))
    functions.add_row("waiting", f"{whole - busy:.2f}")
    functions.add_row("whole run", f"{whole:.2f}")
    console.print(functions)
    kinds = Table(title="By query", title_justify="left")
    for name in ("query", "function"):
        kinds.add_column(name)
    for name in ("count", "seconds", "longest", "MB billed"):
        kinds.add_column(name, justify="right")
    for kind in by_kind(queries):
        kinds.add_row(
            kind.kind,
            kind.function,
            str(kind.count),
            f"{kind.seconds:.2f}",
            f"{kind.longest_s:.2f}",
            f"{kind.bytes_billed / 1e6:.0f}" if kind.bytes_billed else "",
        )
    console.print(kinds)


def _in_order(spans: Sequence[Span]) -> list[Span]:
    return sorted(spans, key=lambda span: span.began_at)
