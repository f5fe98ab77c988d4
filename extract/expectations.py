"""What the configuration expects of the pipelines and what it says of prices, written down for the views of ops."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from psycopg import Connection
from psycopg.rows import TupleRow

from extract.settings import Settings

Conn = Connection[TupleRow]

NIGHTLY = "nightly"

# An expectation begins when it is first written: a pipeline that never ran is missed from then on.
_EXPECT = """
    insert into ops.pipelines as known (pipeline, kinds, expected_every, owner)
    values (%s, %s, %s::interval, %s)
    on conflict (pipeline) do update
    set kinds = excluded.kinds, expected_every = excluded.expected_every, owner = excluded.owner,
        expected_since = case
            when known.expected_every is null then excluded.expected_since else known.expected_since
        end
    where (known.kinds, known.expected_every, known.owner)
        is distinct from (excluded.kinds, excluded.expected_every, excluded.owner)
"""
_FORGET = """
    update ops.pipelines set expected_every = null
    where expected_every is not null and pipeline <> all(%s)
"""
_PRICE = """
    insert into ops.prices (core_hour, gb_month, gb_moved)
    select new.* from (values (%s::numeric, %s::numeric, %s::numeric)) as new (core_hour, gb_month, gb_moved)
    left join (
        select core_hour, gb_month, gb_moved from ops.prices order by valid_from desc limit 1
    ) as last on true
    where (last is null and (new.core_hour, new.gb_month, new.gb_moved) <> (0, 0, 0))
        or (last is not null and new is distinct from last)
"""


@dataclass(frozen=True, slots=True)
class Expected:
    """A pipeline, how often it is started (as Postgres reads an interval) and what of it: 'extract', 'build'."""

    pipeline: str
    kinds: tuple[str, ...]
    every: str | None
    owner: str | None


def expected(settings: Settings) -> Iterator[Expected]:
    """What the config file says of each of its sources, and of the night's work."""
    for name, section in settings.sources.items():
        yield Expected(name, ("extract", "build"), section.every, section.owner)
    yield Expected(NIGHTLY, ("build",), settings.nightly.every, settings.nightly.owner)


def write_expectations(connection: Conn, settings: Settings) -> None:
    """Makes ops.pipelines and ops.prices say what `settings` do; nothing is written where they do already."""
    found = list(expected(settings))
    for each in found:
        connection.execute(_EXPECT, [each.pipeline, list(each.kinds), each.every, each.owner])
    connection.execute(_FORGET, [[each.pipeline for each in found if each.every]])
    prices = settings.cost
    connection.execute(
        _PRICE, [Decimal(str(price)) for price in (prices.core_hour, prices.gb_month, prices.gb_moved)]
    )
