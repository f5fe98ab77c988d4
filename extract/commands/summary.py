"""The table at the end of a run that somebody watches."""

from rich.console import Console
from rich.table import Table

from extract.run_record import RunResult


def show(result: RunResult) -> None:
    """Prints what each sweep of a run brought."""
    table = Table(
        "stream", "records", "dead letters", "pages", "MB", "loads", "seconds", "watermark", box=None
    )
    for stream in result.streams:
        table.add_row(
            f"{result.source}.{stream.stream} {stream.shard}".strip(),
            f"{stream.records:,}",
            str(stream.dead_letters),
            str(stream.pages),
            f"{stream.bytes / 1e6:.1f}",
            str(stream.loads),
            f"{stream.seconds:.1f}",
            stream.watermark or "-",
        )
    for name in result.skipped:
        table.add_row(f"{result.source}.{name}", "skipped", "", "", "", "", "", "")
    Console().print(table)
