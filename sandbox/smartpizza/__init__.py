"""The SmartPizza API, simulated: a real HTTP server over generated days or the Pizza Place files.

    with serve(Config(branches=2, days=3)) as api:
        ...  # api.url, api.token, api.advance(days=1), api.served(), api.faults(...)

From a shell: python -m sandbox.smartpizza --help
"""

from sandbox.smartpizza.config import NO_DRIFT, Config, DriftCalendar, Rates
from sandbox.smartpizza.running import RunningApi, serve

__all__ = ["NO_DRIFT", "Config", "DriftCalendar", "Rates", "RunningApi", "serve"]
