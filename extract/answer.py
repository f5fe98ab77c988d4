"""What an API answered, unpacked and checked for its status."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Answer:
    """The body of a successful answer without its content encoding, and its headers by lower-case name.

    `url` is what was asked for, query included.
    """

    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    url: str = ""
