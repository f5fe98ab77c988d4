"""Page tokens: signed, bound to the query they were issued for, and short-lived."""

import base64
import binascii
import hashlib
import hmac
import time

import msgspec

from sandbox.smartpizza.paging import Position
from sandbox.smartpizza.problems import ProblemError, bad_request


class PageState(msgspec.Struct, array_like=True, frozen=True):
    """What a token carries. `repeated` marks a page that was already served once, `full` one that must not be
    short (so that paging always gets on). `updated` is None at the very beginning.
    """

    query: str
    issued: float
    generation: int
    updated: int | None
    key: str
    full: bool = False
    repeated: bool = False

    @property
    def position(self) -> Position | None:
        """Where the page starts."""
        return None if self.updated is None else Position(self.updated, self.key)


class Tokens:
    """Issues and reads tokens. They stay valid over a restart: the key comes from the seed."""

    def __init__(self, seed: int, seconds: float) -> None:
        self._key = hashlib.blake2b(f"page-token:{seed}".encode()).digest()[:32]
        self._seconds = seconds
        self._generation = 0

    def expire_all(self) -> None:
        """From now on every token issued so far counts as expired."""
        self._generation += 1

    def issue(
        self, query: str, position: Position | None, *, full: bool = False, repeated: bool = False
    ) -> str:
        """A token for the page of `query` that starts after `position`."""
        updated, key = position if position is not None else (None, "")
        state = PageState(query, time.time(), self._generation, updated, key, full, repeated)
        payload = msgspec.json.encode(state)
        return base64.urlsafe_b64encode(self._sign(payload) + payload).decode().rstrip("=")

    def read(self, token: str, query: str) -> PageState:
        """What the token carries.

        Raises ProblemError: 400 when it is not ours or not for this query, 410 when expired.
        """
        try:
            raw = base64.urlsafe_b64decode(token.encode("ascii") + b"=" * (-len(token) % 4))
            signature, payload = raw[:16], raw[16:]
            if not hmac.compare_digest(signature, self._sign(payload)):
                raise ValueError("signature")
            state = msgspec.json.decode(payload, type=PageState)
        except (ValueError, binascii.Error, msgspec.MsgspecError):
            raise bad_request(
                "page_token is not one that this API issued: send next_page_token unchanged"
            ) from None
        if state.query != query:
            raise bad_request(
                "page_token belongs to another query: send it with the path and parameters it was issued for"
            )
        if state.generation != self._generation or time.time() - state.issued > self._seconds:
            raise ProblemError(
                410,
                "page-token-expired",
                "page_token has expired: start again from the last committed watermark",
            )
        return state

    def _sign(self, payload: bytes) -> bytes:
        return hmac.digest(self._key, payload, "sha256")[:16]
