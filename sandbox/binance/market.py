"""All that is served: the histories of the symbols, their trades, real files in the place of candles."""

from sandbox.binance import encode, refusals
from sandbox.binance.config import BinanceConfig, SymbolConfig
from sandbox.binance.files import CandleFiles, as_json, in_microseconds, read_candle_file
from sandbox.binance.history import History, Window
from sandbox.binance.refusals import RefusedError
from sandbox.binance.symbols import Symbol
from sandbox.binance.trades import Trades


class Market:
    """The market of one configuration. Raises ValueError or OSError when its files cannot be used."""

    def __init__(self, config: BinanceConfig) -> None:
        self.config = config
        self._files = CandleFiles([read_candle_file(told) for told in config.files]) if config.files else None
        symbols = config.listed()
        if self._files is not None:
            known = {symbol.name: symbol for symbol in symbols}
            names = dict.fromkeys(file.symbol for file in self._files.files)
            symbols = [known.get(name) or SymbolConfig(name=name) for name in names]
        self.histories = {symbol.name: History(config, Symbol(symbol)) for symbol in symbols}
        self._trades = {name: Trades(history, config.seed) for name, history in self.histories.items()}

    def history(self, symbol: str, now: int) -> History:
        """Raises RefusedError where the API does not know the symbol at `now`."""
        found = self.histories.get(symbol)
        if found is None or not found.calendar.known(now):
            raise RefusedError(*refusals.BAD_SYMBOL)
        return found

    def known(self, now: int) -> list[History]:
        """Every symbol that the API knows at `now`."""
        return [history for history in self.histories.values() if history.calendar.known(now)]

    def trades(self, symbol: str, now: int) -> Trades:
        """Raises RefusedError as `history` does."""
        self.history(symbol, now)
        return self._trades[symbol]

    def klines(
        self,
        symbol: str,
        interval: str,
        window: Window,
        now: int,
        *,
        zone: int = 0,
        microseconds: bool = False,
    ) -> tuple[bytes, int]:
        """The JSON array of a window's candles, and how many they are. Raises RefusedError as `history` does."""
        history = self.history(symbol, now)
        if self._files is not None:
            rows = self._files.page(symbol, interval, window, now)
            return as_json([in_microseconds(row) for row in rows] if microseconds else rows), len(rows)
        candles = history.candles(interval, window, now, zone)
        closes = history.calendar.closes(interval, candles.open_at, now, zone)
        return encode.rows(candles, closes, history.symbol, microseconds=microseconds), candles.size
