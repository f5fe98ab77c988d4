"""What a bulk API serves."""

from typing import Annotated

import msgspec

Share = Annotated[float, msgspec.Meta(ge=0, le=1)]


class BadShares(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Which share of the orders is bad in each way. Raises ValueError where they add up to more than 1.

    nul         \\u0000 inside a string
    surrogate   a lone \\ud800 inside a string
    not_utf8    bytes inside a string that are no UTF-8
    number      an amount beyond numeric's range
    too_large   padded to one byte more than too_large_bytes
    no_key      without order_id
    """

    nul: Share = 0.0
    surrogate: Share = 0.0
    not_utf8: Share = 0.0
    number: Share = 0.0
    too_large: Share = 0.0
    no_key: Share = 0.0

    def __post_init__(self) -> None:
        if sum(self.by_kind().values()) > 1:
            raise ValueError("the shares of bad records add up to more than 1")

    def by_kind(self) -> dict[str, float]:
        """Shares by kind, in the order of their declaration."""
        return {kind: getattr(self, kind) for kind in self.__struct_fields__}


class BulkConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`records` orders drawn from `seed`; `delay_ms` passes before each answer.

    `fixed` serves the bad orders as they should have been. `gzip` compresses for clients that accept it.
    """

    records: Annotated[int, msgspec.Meta(ge=0, le=99_999_999)] = 1000
    seed: int = 1
    token: Annotated[str, msgspec.Meta(min_length=1)] = "bulk-token"  # noqa: S105 - of a simulated API
    delay_ms: Annotated[float, msgspec.Meta(ge=0)] = 0.0
    gzip: bool = False
    bad: BadShares = BadShares()
    fixed: bool = False
    too_large_bytes: Annotated[int, msgspec.Meta(ge=1000)] = 1024 * 1024
