"""Pages JSON records out of HTTP APIs and lands each one, as it came, in Postgres."""

import sys

__version__ = "0.1.0"

# httpx loads its own command line where it can, and that rich and pygments: 0.06 s and 6 MB of each run. None is how
# Python spells a module that cannot be imported, which httpx bears.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]
