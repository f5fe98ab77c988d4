"""The body of an answer: received and unpacked, both up to a limit."""

import zlib
from collections.abc import Callable

import httpx

from extract.errors import BadAnswerError, one_line
from extract.retry import RetryableError


def received(response: httpx.Response, told: str, limit: int, on_chunk: Callable[[int], None]) -> bytes:
    """The body as it came; `on_chunk` hears of each piece's bytes, and may raise to end it.

    Raises BadAnswerError, whose words begin with `told`, where it is longer than `limit` bytes.
    """
    chunks: list[bytes] = []
    size = 0
    for chunk in response.iter_raw():
        size += len(chunk)
        on_chunk(len(chunk))
        if size > limit:
            raise _too_long(told, limit)
        chunks.append(chunk)
    return b"".join(chunks)


def unpacked(response: httpx.Response, raw: bytes, told: str, limit: int) -> bytes:
    """`raw` without its content encoding.

    Raises BadAnswerError for another encoding than gzip and for more than `limit` bytes, and RetryableError
    where the body is broken or cut.
    """
    encoding = response.headers.get("content-encoding", "identity").strip().lower()
    if encoding == "identity":
        return raw
    if encoding not in ("gzip", "x-gzip"):
        raise BadAnswerError(f"{told}: the body is encoded as {one_line(encoding, 40)!r}, not as gzip")
    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        body = unpacker.decompress(raw, limit + 1)
    except zlib.error as error:
        raise RetryableError(BadAnswerError(f"{told}: the gzip body is broken")) from error
    if len(body) > limit:
        raise _too_long(told, limit)
    if not unpacker.eof:
        raise RetryableError(BadAnswerError(f"{told}: the gzip body ends too early"))
    return body


def _too_long(told: str, limit: int) -> BadAnswerError:
    return BadAnswerError(
        f"{told}: the body is longer than http.max_body_bytes = {limit}: ask for less a page"
    )
