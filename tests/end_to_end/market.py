"""A whole Binance for a test."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sandbox.binance.running import RunningBinance
from tests.end_to_end.candle_warehouse import CandleWarehouse
from tests.end_to_end.pipeline import Pipeline


class Market(Pipeline):
    """The API is a RunningBinance; its clock is simulated, so that no skew is too large.

    `sections` is further text of the config file.
    """

    pipeline = "binance"
    marts = CandleWarehouse.marts

    def __init__(
        self,
        api: RunningBinance,
        database: Any,
        folder: Path,
        *,
        symbols: Sequence[str] = ("BTCUSDT",),
        intervals: Sequence[str] = ("15m",),
        start: str = "2017-07-14",
    ) -> None:
        super().__init__(api, database, folder)
        self.symbols, self.intervals, self.start = symbols, intervals, start
        self.per_minute = 6000
        self.sections = "[http]\nbackoff_seconds = 0.05\nattempts = 20\n[load]\nmax_rows = 3000\n"

    def config(self) -> str:
        return (
            f'{self.sections}[sources.binance]\nbase_url = "{self.api.url}"\n'
            f"symbols = {list(self.symbols)}\nintervals = {list(self.intervals)}\n"
            f'start = "{self.start}"\nmax_skew_seconds = 1_000_000_000\n'
            f"[sources.binance.budget]\nper_minute = {self.per_minute}\n"
        )
