"""python -m benchmarks.bare STATEMENT BASE_URL: the least that a client in Python does.

Pages one after the other, cut into records, COPY as text, a commit every 50: no ledger, no position to go on from,
no dead letters, no retries, no drift. Reads PG* and SMARTPIZZA_TOKEN; prints its seconds.
"""

import json
import os
import sys
import time
from collections.abc import Iterator
from itertools import islice

import httpx
import msgspec
import psycopg

_PAGES_A_COMMIT = 50


class Page(msgspec.Struct):
    """Records stay bytes."""

    data: list[msgspec.Raw]
    next_page_token: str | None = None


def pages(base_url: str) -> Iterator[Page]:
    headers = {"authorization": f"Bearer {os.environ['SMARTPIZZA_TOKEN']}"}
    read = msgspec.json.Decoder(Page).decode
    asked = {"page_size": "1000", "include_deleted": "true"}
    with httpx.Client(base_url=base_url, headers=headers) as client:
        while True:
            page = read(client.get("/v1/orders", params=asked).raise_for_status().content)
            yield page
            if page.next_page_token is None:
                return
            asked["page_token"] = page.next_page_token


def main(statement: str, base_url: str) -> None:
    begun = time.monotonic()
    with psycopg.connect("") as connection:
        row = connection.execute("select current_date::text, now()::text").fetchone()
        if row is None:
            raise AssertionError("select gave no row")
        shared = "1\t{}\t{}\t\\N\t\\N\t0\t".format(*row).encode()
        served = pages(base_url)
        while some := list(islice(served, _PAGES_A_COMMIT)):
            with connection.cursor().copy(statement.encode()) as copy:
                for page in some:
                    rows = (shared + bytes(each).replace(b"\\", b"\\\\") + b"\n" for each in page.data)
                    copy.write(b"".join(rows))
            connection.commit()
    sys.stdout.write(json.dumps({"seconds": time.monotonic() - begun}) + "\n")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
