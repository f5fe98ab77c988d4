"""SmartPizza's /v1/orders in bulk: millions of orders from a process of their own, with planted faults.

    with serve_bulk(BulkConfig(records=1_000_000, bad=BadShares(nul=0.01))) as api:
        api.faults(too_many_requests={"rate": 0.05})
        ...  # api.url, api.token, api.counts()

An order is a pure function of its index: `record_bytes` gives its exact bytes, `bad_records` the bad ones.
From a shell: python -m sandbox.bulk --help
"""

from sandbox.bulk.config import BadShares, BulkConfig
from sandbox.bulk.counts import Counts
from sandbox.bulk.page_faults import FaultPlan, PageFault, page_fault
from sandbox.bulk.records import bad_records, record_bytes
from sandbox.bulk.running import RunningBulk, serve_bulk

__all__ = [
    "BadShares",
    "BulkConfig",
    "Counts",
    "FaultPlan",
    "PageFault",
    "RunningBulk",
    "bad_records",
    "page_fault",
    "record_bytes",
    "serve_bulk",
]
