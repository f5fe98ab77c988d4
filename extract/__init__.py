"""Pages JSON records out of HTTP APIs and lands each one, as it came, in Postgres."""

__version__ = "0.1.0"
