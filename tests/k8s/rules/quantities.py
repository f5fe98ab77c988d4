"""Quantities of memory, CPU and storage in Kubernetes' own spelling; limits not below requests."""

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from tests.k8s.manifests import Object
from tests.k8s.objects import containers, dig, named, walk

FORM = re.compile(r"([0-9]+(?:\.[0-9]+)?)(m|[kMGTPE]i?|Ki)?")
FACTORS = {"": Decimal(1), "m": Decimal("0.001"), "k": Decimal(1000)} | {
    unit: factor ** (power + 1)
    for power, letter in enumerate("KMGTPE")
    for unit, factor in ((letter, Decimal(1000)), (f"{letter}i", Decimal(1024)))
}
HOLDERS = ("requests", "limits")


def amount(value: Any) -> Decimal | None:
    """A quantity in its base unit; None where it is none."""
    found = FORM.fullmatch(str(value))
    return Decimal(found[1]) * FACTORS[found[2] or ""] if found else None


def quantities(objects: Sequence[Object]) -> Iterator[str]:
    for each in objects:
        for path, value in walk(each):
            is_one = path[-1:] == ("sizeLimit",) or (len(path) > 1 and path[-2] in HOLDERS)
            if is_one and amount(value) is None:
                yield f"{named(each)}: {'.'.join(path)}: {value}: give a quantity such as 512Mi or 250m"
    for _, container, name in containers(objects):
        for resource, limit in dig(container, "resources", "limits").items():
            most, least = amount(limit), amount(dig(container, "resources", "requests").get(resource, 0))
            if most is not None and least is not None and most < least:
                yield f"{name}: {resource} is limited to less than it requests"
