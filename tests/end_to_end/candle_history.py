"""A random history of what was loaded from an exchange, and what the marts have to say of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from random import Random

from tests.end_to_end.exchange import WIDTHS, Candle, Exchange, number
from tests.end_to_end.loads import Loads

START = datetime(2026, 3, 27, 20, 7, 31, tzinfo=UTC)
OVERLAP = timedelta(hours=3)
GRACE = timedelta(seconds=2)
Key = tuple[str, str, int]


@dataclass(frozen=True)
class Answer:
    """A page of candles, as it was served; `spoilt` is the place of one that breaks a rule."""

    symbol: str
    interval: str
    served_at: datetime
    candles: list[Candle]
    spoilt: int | None = None

    def records(self) -> list[Candle]:
        """What goes into raw: the spoilt one's high is below its low."""
        return [
            [*candle[:2], "0.00000001", *candle[3:]] if place == self.spoilt else candle
            for place, candle in enumerate(self.candles)
        ]


class CandleHistory:
    """Everything that may come of sweeps, one step at a time, as the seed draws it."""

    def __init__(self, seed: int, loads: Loads) -> None:
        self._draw = Random(seed)
        self._loads = loads
        self._late: list[Answer] = []
        self._loaded: list[tuple[int, Answer]] = []
        self._listed: set[str] = set()
        self._statuses: dict[str, str] = {}
        self.exchange = Exchange(seed, START - timedelta(days=1))
        self.exchange.add("BTCUSDT")
        self.exchange.add("ETHUSDT")
        self.exchange.now = START
        self.happened: set[str] = set()

    def step(self) -> None:
        """Some time passes, something happens, and each symbol and interval is read once more."""
        draw, exchange = self._draw, self.exchange
        exchange.now += timedelta(seconds=draw.randrange(600, 6 * 3600))
        for event in draw.sample(self._events(), 3):
            self._happen(event)
        self._list()
        for symbol in [each.name for each in exchange.symbols.values() if each.is_listed]:
            for interval in WIDTHS:
                self._read(
                    symbol, interval, exchange.now - (OVERLAP if draw.random() < 0.8 else timedelta(days=2))
                )
        draw.shuffle(self._late)
        while self._late and draw.random() < 0.6:
            self._commit(self._late.pop())
            self.happened.add("an old answer was loaded late")

    def catch_up(self) -> None:
        """Reads everything once more, so that all intervals tell of the same moment."""
        for answer in self._late:
            self._commit(answer)
        for symbol in self.exchange.symbols.values():
            symbol.holes -= set(range(number(self.exchange.now) - 12, number(self.exchange.now) + 12))
        self._list()
        for symbol in self.exchange.symbols:
            for interval in WIDTHS:
                now = self.exchange.now
                self._commit(self._answer(symbol, interval, now - timedelta(days=30)))

    def candles(self) -> dict[Key, tuple[Decimal | int, ...]]:
        """What fct_ohlcv has to hold: of each candle the valid version served last, if it had closed by then."""
        newest: dict[Key, tuple[tuple[datetime, int, int], Candle]] = {}
        for load_order, answer in self._loaded:
            for place, candle in enumerate(answer.candles):
                key = (answer.symbol, answer.interval, candle[0])
                rank = (answer.served_at, load_order, place)
                if place != answer.spoilt and (key not in newest or rank > newest[key][0]):
                    newest[key] = (rank, candle)
        return {
            key: tuple(Decimal(each) if isinstance(each, str) else each for each in candle[1:11])
            for key, ((served_at, _, _), candle) in newest.items()
            if served_at > datetime.fromtimestamp(candle[6] / 1000, UTC) + GRACE
        }

    def symbols(self) -> dict[str, tuple[bool, str]]:
        """What dim_symbols has to say last: whether each is listed, and the status that its last list told."""
        return {name: (name in self._listed, status) for name, status in self._statuses.items()}

    def days(self, interval: str) -> set[tuple[str, date]]:
        """Symbol and day in UTC of all candles of an interval that `candles` gives."""
        return {
            (symbol, datetime.fromtimestamp(open_ms / 1000, UTC).date())
            for symbol, of, open_ms in self.candles()
            if of == interval
        }

    def gaps(self) -> set[tuple[str, str, int, int]]:
        """What fct_candle_gaps has to hold: symbol, interval, from and until in milliseconds."""
        return set(self._gaps())

    def _gaps(self) -> Iterator[tuple[str, str, int, int]]:
        for (symbol, interval, open_ms), (next_symbol, next_interval, next_ms) in pairwise(
            sorted(self.candles())
        ):
            ends = open_ms + WIDTHS[interval] // timedelta(milliseconds=1)
            if (symbol, interval) == (next_symbol, next_interval) and ends < next_ms:
                yield symbol, interval, ends, next_ms

    def _events(self) -> list[str]:
        return [
            "hole",
            "filled",
            "restated",
            "put back",
            "listed",
            "halted",
            "resumed",
            "gone",
            "new field",
            "nothing",
        ]

    def _happen(self, event: str) -> None:
        draw, exchange = self._draw, self.exchange
        symbol = draw.choice(list(exchange.symbols.values()))
        closed = range(max(symbol.first, number(exchange.now) - 60), number(exchange.now))
        if event == "hole":
            start = number(exchange.now) + draw.randrange(1, 8)
            symbol.holes |= set(range(start, start + draw.choice((1, 4, 9))))
        elif event == "filled" and symbol.holes:
            symbol.holes -= set(draw.sample(sorted(symbol.holes), len(symbol.holes) // 2 + 1))
        elif event == "restated" and closed:
            symbol.restated[draw.choice(closed)] = draw.randrange(1, 3)
        elif event == "put back" and symbol.restated:
            del symbol.restated[draw.choice(list(symbol.restated))]
        elif event == "listed" and len(exchange.symbols) < 4:
            exchange.add(f"NEW{len(exchange.symbols)}USDT")
        elif event in ("halted", "resumed"):
            symbol.status = "BREAK" if event == "halted" else "TRADING"
        elif event == "gone" and symbol.is_listed:
            symbol.is_listed = draw.random() < 0.5
        elif event == "new field":
            exchange.has_new_field = True
        else:
            return
        self.happened.add(event)

    def _list(self) -> None:
        listing = self.exchange.listing()
        self._loads.commit("symbols", listing, served_at=self._second())
        self._listed = {record["symbol"] for record in listing}
        self._statuses |= {record["symbol"]: record["status"] for record in listing}

    def _read(self, symbol: str, interval: str, since: datetime) -> None:
        answer = self._answer(symbol, interval, since)
        if answer.candles and self._draw.random() < 0.15:
            spoilt = self._draw.randrange(len(answer.candles))
            answer = Answer(symbol, interval, answer.served_at, answer.candles, spoilt)
            self.happened.add("a candle broke a rule")
        if self._draw.random() < 0.15:
            self._late.append(answer)
        else:
            self._commit(answer)

    def _answer(self, symbol: str, interval: str, since: datetime) -> Answer:
        return Answer(symbol, interval, self._second(), self.exchange.candles(symbol, interval, since))

    def _second(self) -> datetime:
        return self.exchange.now.replace(microsecond=0)

    def _commit(self, answer: Answer) -> None:
        loaded = self._loads.commit(
            "klines",
            answer.records(),
            shard=f"{answer.symbol}/{answer.interval}",
            context={"symbol": answer.symbol, "interval": answer.interval},
            served_at=answer.served_at,
        )
        self._loaded.append((loaded.load_order, answer))
