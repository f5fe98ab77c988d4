"""The manifest of an archived day: which objects it has and what must be in them."""

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from extract.archive.store import Store
from extract.errors import CorruptArchiveError

NAME = "manifest.json"


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ArchivedObject(_Model):
    """A gzip file of JSON lines, one a raw row: rows, compressed bytes and their SHA-256."""

    name: str
    rows: int
    bytes: int
    sha256: str


class Manifest(_Model):
    """A day of a stream, its lines spread over `objects` in the order of (load_id, load_position).

    A line is the raw row with all its columns, as Postgres' row_to_json spells it in UTC. `checksum` is the sum
    of the first 64 bits, signed, of each line's SHA-256, in decimals; it does not depend on the order.
    """

    format: Literal[1] = 1
    source: str
    stream: str
    day: date
    rows: int
    checksum: str
    created_at: datetime
    objects: tuple[ArchivedObject, ...]

    @property
    def bytes(self) -> int:
        return sum(each.bytes for each in self.objects)


def put_manifest(store: Store, prefix: str, manifest: Manifest) -> None:
    """Writes the manifest of the objects under `prefix`."""
    store.put(f"{prefix}/{NAME}", manifest.model_dump_json(indent=2).encode() + b"\n")


def get_manifest(store: Store, prefix: str) -> Manifest:
    """Reads it. Raises CorruptArchiveError where it is gone or no manifest of this format."""
    path = f"{prefix}/{NAME}"
    try:
        return Manifest.model_validate_json(b"".join(store.read(path)))
    except ValidationError as error:
        raise CorruptArchiveError(f"{path} is no manifest of format 1: {error.errors()[0]['msg']}") from None
