"""Everything that a running API consists of."""

from pathlib import Path

from sandbox.binance.config import BinanceConfig, milliseconds
from sandbox.binance.limits import Meter
from sandbox.binance.market import Market
from sandbox.binance.request_log import RequestLog
from sandbox.smartpizza.clock import Clock
from sandbox.smartpizza.faults import FaultBox
from sandbox.smartpizza.hashing import Hash
from sandbox.smartpizza.served import Served
from sandbox.smartpizza.times import SECOND, real_now


class Services:
    """The parts of one running API. Raises ValueError or OSError when files or state cannot be used."""

    def __init__(self, config: BinanceConfig, state: Path | None = None) -> None:
        self.market = Market(config)
        start, rate = (
            (real_now(), config.rate or 1.0)
            if config.now is None
            else (milliseconds(config.now), config.rate)
        )
        self.clock = Clock(start, state, rate)
        self.meter = Meter(config)
        self.faults = FaultBox(Hash(config.seed))
        self.served = Served()
        self.log = RequestLog()

    @property
    def config(self) -> BinanceConfig:
        return self.market.config

    def change(self, config: BinanceConfig) -> None:
        """Serves another configuration from now on; the clock, counts and bans stay."""
        self.market = Market(config)
        self.meter.config = config

    def reset(self) -> None:
        """Counts from nothing; bans end, faults stay."""
        self.meter.reset()
        self.served.reset()
        self.log.reset()

    def real_seconds(self, milliseconds_of_clock: int) -> float:
        """How long those milliseconds of the server's clock take whoever waits; of a clock that stands, as long."""
        return milliseconds_of_clock / SECOND / (self.clock.rate or 1.0)
