"""Real candles from CSV files, served with their strings exactly as they are in the file."""

import csv
import datetime as dt
import re
from bisect import bisect_left, bisect_right
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from sandbox.binance.config import ServedFile, milliseconds
from sandbox.binance.history import Window
from sandbox.binance.intervals import WIDTHS

_NAME = re.compile(r"([A-Z0-9]{4,20})-(\d+[smhdwM])")
_COLUMNS = 12

Row = tuple[int, list[Any]]


class CandleFile(NamedTuple):
    """The rows of a file in the order of their time, each as its open time (milliseconds) and its twelve fields;
    and from when on they are served.
    """

    symbol: str
    interval: str
    served_from: int
    rows: list[Row]


class CandleFiles:
    """All files that are served."""

    def __init__(self, files: list[CandleFile]) -> None:
        self.files = sorted(files, key=lambda file: file.served_from)

    def page(self, symbol: str, interval: str, window: Window, now: int) -> list[list[Any]]:
        """The candles of a window, as they were served at `now`."""
        rows: list[Row] = []
        for file in self.files:
            if (file.symbol, file.interval) == (symbol, interval) and file.served_from <= now:
                rows = _replaced(rows, file.rows)
        low = 0 if window.start is None else bisect_left(rows, window.start, key=_open_at)
        end = now if window.end is None else min(now, window.end)
        high = bisect_right(rows, end, key=_open_at)
        chosen = rows[low:high]
        limited = chosen[-window.limit :] if window.start is None else chosen[: window.limit]
        return [fields for _, fields in limited]


def read_candle_file(told: ServedFile) -> CandleFile:
    """Raises OSError, and ValueError naming the file where its name or its rows are not of the known form."""
    found = _NAME.search(Path(told.path).name)
    symbol, interval = told.symbol or (found and found[1]), told.interval or (found and found[2])
    if not symbol or interval not in WIDTHS:
        raise ValueError(f"{told.path}: give its symbol and interval, its name does not tell (BTCUSDT-1h)")
    rows = sorted(_rows(told.path))
    if not rows:
        raise ValueError(f"{told.path} holds no candles")
    served_from = rows[-1][0] if told.served_from is None else milliseconds(told.served_from)
    return CandleFile(symbol, interval, served_from, rows)


def files_in(folder: Path) -> tuple[ServedFile, ...]:
    """The files of spot candles in a folder whose names tell symbol and interval. Raises ValueError for none."""
    found = tuple(
        ServedFile(path=str(path))
        for path in sorted(folder.glob("*.csv"))
        if _NAME.search(path.name) and not path.name.startswith("um_futures_")
    )
    if not found:
        raise ValueError(f"{folder} holds no files of candles such as spot_BTCUSDT-1h_2017-2020.csv")
    return found


def in_microseconds(fields: list[Any]) -> list[Any]:
    """A candle with its times as X-MBX-TIME-UNIT: MICROSECOND has them."""
    return [fields[0] * 1_000, *fields[1:6], fields[6] * 1_000 + 999, *fields[7:]]


def _rows(path: str) -> list[Row]:
    rows = []
    with Path(path).open(newline="", encoding="utf-8") as file:
        for line, cells in enumerate(csv.reader(file), 1):
            if line == 1 and cells and not cells[0][:1].isdigit():
                continue
            try:
                rows.append(_row(cells))
            except (ArithmeticError, ValueError) as error:
                raise ValueError(
                    f"{path}, line {line}: this is no candle of twelve columns: {error}"
                ) from None
    return rows


def _row(cells: list[str]) -> Row:
    if len(cells) != _COLUMNS:
        raise ValueError(f"there are {len(cells)} columns")
    opened = cells[0]
    open_at = (
        int(opened)
        if opened.isdigit()
        else milliseconds(dt.datetime.fromisoformat(opened).replace(tzinfo=dt.UTC))
    )
    # Whole numbers in the API; some of the files have passed through a program that made them floats.
    close_at, trades = (int(Decimal(cells[at])) for at in (6, 8))
    return open_at, [open_at, *cells[1:6], close_at, cells[7], trades, *cells[9:]]


def _replaced(rows: list[Row], newer: list[Row]) -> list[Row]:
    """What a newer file says of its time, and what was known of any other."""
    low, high = bisect_left(rows, newer[0][0], key=_open_at), bisect_right(rows, newer[-1][0], key=_open_at)
    return [*rows[:low], *newer, *rows[high:]]


def _open_at(row: Row) -> int:
    return row[0]


def as_json(rows: list[list[Any]]) -> bytes:
    return msgspec.json.encode(rows)
