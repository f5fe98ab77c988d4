"""What came instead of the declared envelope, in a few words."""

import msgspec


def describe(body: bytes, error: Exception) -> str:
    """`body`, which was refused by `error`, for people."""
    start = body[:200].decode("utf-8", "replace").strip()
    if start[:1] == "<":
        return f"the answer is HTML or XML, not JSON: {start[:80]!r}"
    try:
        told = msgspec.json.decode(body, type=_Told)
    except (msgspec.MsgspecError, RecursionError, ValueError):
        told = _Told()
    if told.error is not msgspec.UNSET:
        return f"the answer is an error body: {start[:120]!r}"
    return f"the answer is not the declared JSON envelope ({error}): {start[:80]!r}"


class _Told(msgspec.Struct):
    error: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
