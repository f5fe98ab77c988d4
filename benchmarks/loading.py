"""How fast are a million orders in raw, against the limit and against others?

Every contestant loads the same records into a fresh database of one server, in turns, round by round, so that
noise is shared. Prints medians and how many times the limit each takes for a record. The API runs in a
process of its own, whose CPU time is not counted.
"""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack, closing
from pathlib import Path

from rich.console import Console

from benchmarks import least, limit, ours
from benchmarks.contestant import Contestant, Cost, LeftOutError
from benchmarks.ground import Ground
from benchmarks.loading_figures import Figures
from benchmarks.measure import CommandFailedError
from benchmarks.peers import with_dlt, with_sling
from sandbox.bulk import serve_bulk
from sandbox.throwaway import throwaway_cluster

_SLOW_MS = 100


def contestants(records: int, fewer: int, *, big: bool, peers: bool) -> list[Contestant]:
    """Who takes part; the limit comes first."""
    fewer = min(fewer, records)
    found = [
        Contestant(limit.NAME, records, limit.limit),
        Contestant("a bare client, nothing but pages and COPY", records, least.least),
        Contestant("ours, one stream", records, ours.one_stream),
        Contestant("ours, two windows at a time", records, ours.side_by_side(2)),
        Contestant("ours, few records", min(10_000, records), ours.one_stream),
        Contestant(f"ours, {_SLOW_MS} ms a page", fewer, ours.one_stream, delay_ms=_SLOW_MS),
        Contestant(
            f"ours, {_SLOW_MS} ms a page, eight windows", fewer, ours.side_by_side(8), delay_ms=_SLOW_MS
        ),
        Contestant("ours, ten million records", 10_000_000, ours.one_stream, once=True),
        Contestant("dlt, default", fewer, with_dlt.default, is_peer=True),
        Contestant("dlt, tuned", fewer, with_dlt.tuned, is_peer=True),
        Contestant("Sling, from a file", fewer, with_sling.from_a_file, is_peer=True),
    ]
    return [each for each in found if (big or not each.once) and (peers or not each.is_peer)]


def contest(ground: Ground, taking_part: Sequence[Contestant], rounds: int, console: Console) -> Figures:
    """All rounds; who cannot take part is left out from then on."""
    figures = Figures(ground.record_bytes)
    for number in range(rounds):
        for each in taking_part:
            if each.name in figures.left_out or (each.once and number):
                continue
            console.print(f"[dim]round {number + 1} of {rounds}: {each.name}[/dim]")
            ground.serve(each.records, each.delay_ms)
            try:
                cost: Cost = each.run(ground, each.records)
            except LeftOutError as reason:
                figures.left_out[each.name] = str(reason)
            else:
                figures.add(each, cost)
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--fewer", type=int, default=100_000, help="records of the slow contestants")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--big", action="store_true", help="ten million records too, once")
    parser.add_argument("--no-peers", action="store_true", help="neither dlt nor Sling")
    parser.add_argument("--only", default="", help="the limit, and those whose name has this in it")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures here as well")
    options = parser.parse_args()
    console = Console(width=None if sys.stdout.isatty() else 150)
    first, *others = contestants(options.records, options.fewer, big=options.big, peers=not options.no_peers)
    taking_part = [first, *(each for each in others if options.only in each.name)]
    with ExitStack() as stack:
        server = stack.enter_context(throwaway_cluster("256MB"))
        api = stack.enter_context(serve_bulk())
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        ground = stack.enter_context(closing(Ground(server, api, folder)))
        try:
            figures = contest(ground, taking_part, options.rounds, console)
        except CommandFailedError as error:
            raise SystemExit(str(error)) from None
    console.print(figures.table())
    for name, reason in figures.left_out.items():
        console.print(f"left out: {name}: {reason}", markup=False)
    if options.json:
        options.json.write_text(figures.as_json(), encoding="utf-8")


if __name__ == "__main__":
    main()
