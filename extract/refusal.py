"""What an answer that refuses says in its body: why, and until when nobody may call."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime

import msgspec

from extract.errors import one_line
from extract.retry import http_date

# An API that bans says for how long; where it does not, two minutes is how short the first ban is (Binance).
_UNTOLD_BAN_SECONDS = 120.0
_UNTIL = re.compile(rb"banned until ([0-9]{13})\b")


class _Reason(msgspec.Struct):
    msg: str
    code: int | str | None = None


def reason_of(body: bytes) -> str | None:
    """The API's own words in a body such as {"code": -1121, "msg": "Invalid symbol."}; None where it has none."""
    try:
        told = msgspec.json.decode(body, type=_Reason)
    except (msgspec.MsgspecError, RecursionError, ValueError):
        return None
    return one_line(told.msg, 200) + (f" (code {told.code})" if told.code is not None else "")


def ban_of(body: bytes, headers: Mapping[str, str]) -> float:
    """Seconds that a ban lasts whose headers do not say: by words such as "IP banned until 1660090423228".

    The API's clock is the Date header's; where that is missing, ours.
    """
    found = _UNTIL.search(body)
    if found is None:
        return _UNTOLD_BAN_SECONDS
    clock = http_date(headers.get("date")) or datetime.now(UTC)
    return max(0.0, int(found[1]) / 1000 - clock.timestamp())
