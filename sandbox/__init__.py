"""Everything a laptop needs to run the whole: an embedded Postgres and simulated APIs."""
