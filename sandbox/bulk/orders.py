"""Orders from their index alone, whole pages at once: every order has the same width, so that only ids and
times are written, column by column, into a copy of orders made before.
"""

import re
from functools import cache

import numpy as np
from numpy.typing import NDArray

from sandbox.smartpizza.times import MINUTE, SECOND, START

Bytes = NDArray[np.uint8]

# So many orders share one updated_at; the next ones are a second later.
ORDERS_AN_INSTANT = 4
_FROM_PLACED_TO_UPDATED = 20 * MINUTE

# After so many orders all repeats but their ids and times.
_PERIOD = 3000

_DATE, _TIME, _ID = 10 * "#", 19 * "#", 12 * "#"


def instant(index: int) -> int:
    """The updated_at of an order, in milliseconds since 1970."""
    return START + index // ORDERS_AN_INSTANT * SECOND


def first_index(since: int) -> int:
    """Index of the first order updated at or after `since`, in milliseconds since 1970; 0 at the least."""
    return max(0, -((START - since) // SECOND)) * ORDERS_AN_INSTANT


def render(first: int, stop: int) -> Bytes:
    """Orders `first` to `stop` (exclusive): one row of bytes an order, as compact JSON and a comma."""
    templates, blanks = _templates()
    index = np.arange(first, stop, dtype=np.int64)
    orders = templates[index % _PERIOD]
    placed_at = _times(first, stop, START - _FROM_PLACED_TO_UPDATED)
    columns = (_ids(first, stop), placed_at[:, :10], placed_at, placed_at, _times(first, stop, START))
    for blank, column in zip(blanks, columns, strict=True):
        orders[:, blank] = column
    return orders


@cache
def _templates() -> tuple[Bytes, list[slice]]:
    """The first orders with blanks for their ids and times, and where those are."""
    texts = [_template(index) for index in range(_PERIOD)]
    blanks = [slice(*found.span()) for found in re.finditer("#+", texts[0])]
    return np.frombuffer("".join(texts).encode(), np.uint8).reshape(_PERIOD, -1), blanks


def _template(index: int) -> str:
    quantity = 1 + index % 3
    unit_price = 1000 + index * 7919 % 2000
    subtotal = quantity * unit_price
    tax = subtotal * 7 // 100
    return (
        f'{{"order_id":"ord_{_ID}","branch_id":{100 + index % 900},"customer_id":"cus_{index * 31:08d}",'
        f'"channel":"app","fulfilment":"collection","status":"collected","business_date":"{_DATE}",'
        f'"placed_at":"{_TIME}Z","created_at":"{_TIME}Z","updated_at":"{_TIME}Z","version":1,'
        f'"currency":"EUR","subtotal":"{subtotal / 100:.2f}","discount_total":"0.00",'
        f'"tax_total":"{tax / 100:.2f}","delivery_fee":"0.00","tip":"0.00",'
        f'"total":"{(subtotal + tax) / 100:.2f}","items":[{{"line_id":1,"kind":"drink","sku":"water",'
        f'"quantity":{quantity},"unit_price":"{unit_price / 100:.2f}","discount":"0.00",'
        f'"tax":"{tax / 100:.2f}"}}]}},'
    )


def _times(first: int, stop: int, start: int) -> Bytes:
    """2026-03-16T00:00:00 for each order, where order 0 has the time `start`."""
    second = first // ORDERS_AN_INSTANT + start // SECOND
    days, clock = np.divmod(np.arange(second, second + (stop - first) // ORDERS_AN_INSTANT + 2), 86_400)
    dates = np.arange(days[0], days[-1] + 1).astype("datetime64[D]").astype("S10")
    letters = np.full((len(clock), 19), ord("T"), np.uint8)
    letters[:, :10] = dates.view(np.uint8).reshape(-1, 10)[days - days[0]]
    letters[:, 11:] = _clock()[clock]
    skipped = first % ORDERS_AN_INSTANT
    return np.repeat(letters, ORDERS_AN_INSTANT, axis=0)[skipped : skipped + stop - first]


@cache
def _clock() -> Bytes:
    """12:34:56 for each second of a day."""
    texts = np.arange(86_400).astype("datetime64[s]").astype("S19")
    return texts.view(np.uint8).reshape(-1, 19)[:, 11:].copy()


def _ids(first: int, stop: int) -> Bytes:
    """Twelve digits for each order."""
    digits = _four_digits()
    tens = np.arange(first // 10_000, stop // 10_000 + 1)
    above = np.concatenate([digits[tens // 10_000], digits[tens % 10_000]], axis=1)
    index = np.arange(first, stop)
    return np.concatenate([above[index // 10_000 - tens[0]], digits[index % 10_000]], axis=1)


@cache
def _four_digits() -> Bytes:
    return np.frombuffer(b"".join(b"%04d" % number for number in range(10_000)), np.uint8).reshape(-1, 4)
