"""`extract metrics`: the ledger's figures for Prometheus."""
