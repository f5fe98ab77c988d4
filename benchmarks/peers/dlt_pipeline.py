"""Runs in dlt's own environment: loads /v1/orders into Postgres, "default" or "tuned", and prints the seconds."""

import json
import os
import sys
import time
from collections.abc import Iterator
from typing import Any

import dlt
from dlt.sources.helpers.rest_client import RESTClient
from dlt.sources.helpers.rest_client.auth import BearerTokenAuth
from dlt.sources.helpers.rest_client.paginators import JSONResponseCursorPaginator


def pages() -> Iterator[Any]:
    client = RESTClient(
        base_url=os.environ["API_URL"],
        auth=BearerTokenAuth(os.environ["API_TOKEN"]),
        paginator=JSONResponseCursorPaginator(cursor_path="next_page_token", cursor_param="page_token"),
        data_selector="data",
    )
    yield from client.paginate("/v1/orders", params={"page_size": 1000, "include_deleted": "true"})


@dlt.resource(name="orders")
def default() -> Iterator[Any]:
    yield from pages()


@dlt.resource(name="orders", columns={"record": {"data_type": "json"}}, max_table_nesting=0)
def tuned() -> Iterator[Any]:
    for page in pages():
        yield [{"record": record} for record in page]


def main(mode: str) -> None:
    started = time.monotonic()
    pipeline = dlt.pipeline(f"bench_{mode}", destination="postgres", dataset_name="bench")
    if mode == "default":
        pipeline.run(default())
    else:
        pipeline.run(tuned(), loader_file_format="csv")
    sys.stdout.write(json.dumps({"seconds": time.monotonic() - started}) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
