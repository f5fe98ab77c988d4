"""Keeps secrets out of what people read."""

import threading
from urllib.parse import quote, quote_plus

from extract.errors import one_line

_HEAD = 8


class Redactor:
    """Knows the secrets that were ever in use, and covers them. Threads share it."""

    def __init__(self) -> None:
        self._secrets: frozenset[str] = frozenset()
        self._guard = threading.Lock()

    def learn(self, *secrets: str) -> None:
        """From now on covers `secrets`, also as a URL spells them."""
        with self._guard:
            self._secrets |= {form for each in secrets for form in (each, quote(each, ""), quote_plus(each))}

    def clean(self, text: str) -> str:
        """`text` on one line, with *** for each secret, and for what an excerpt's end has left of one."""
        for secret in sorted(self._secrets, key=len, reverse=True):
            text = _covered(text, secret)
        return one_line(text)


def _covered(text: str, secret: str) -> str:
    parts: list[str] = []
    begin = 0
    while (at := text.find(secret[:_HEAD], begin)) >= 0:
        parts.append(text[begin:at])
        begin = at
        for character in secret:
            if begin == len(text) or text[begin] != character:
                break
            begin += 1
    return "***".join([*parts, text[begin:]])
