"""JSON lines out of and into object storage: cut into gzip objects, and read back with everything checked.

gzip, because whoever needs the archive without this program can read it with what every system has.
"""

import hashlib
import zlib
from collections.abc import Iterable, Iterator

from extract.archive.manifest import ArchivedObject, Manifest
from extract.archive.store import Store
from extract.errors import CorruptArchiveError

_GZIP = 31  # zlib's name for a gzip frame around its stream


class Checksum:
    """Counts lines and sums their fingerprints, as ops.fingerprint does in Postgres."""

    def __init__(self) -> None:
        self.rows = 0
        self._sum = 0

    def add(self, line: bytes) -> None:
        """`line` is without its line feed."""
        self.rows += 1
        self._sum += int.from_bytes(hashlib.sha256(line).digest()[:8], "big", signed=True)

    def __str__(self) -> str:
        return str(self._sum)


def write_lines(store: Store, prefix: str, lines: Iterable[bytes]) -> list[ArchivedObject]:
    """Puts `lines`, each with its line feed, into objects under `prefix`, cut at the store's object_bytes.

    One object at a time is in memory, compressed.
    """
    written: list[ArchivedObject] = []
    packer, packed, rows = zlib.compressobj(wbits=_GZIP), bytearray(), 0
    for line in lines:
        packed += packer.compress(line)
        rows += 1
        if len(packed) >= store.object_bytes:
            packed += packer.flush()
            written.append(_put(store, prefix, len(written) + 1, packed, rows))
            packer, packed, rows = zlib.compressobj(wbits=_GZIP), bytearray(), 0
    if rows:
        packed += packer.flush()
        written.append(_put(store, prefix, len(written) + 1, packed, rows))
    return written


def _put(store: Store, prefix: str, number: int, body: bytearray, rows: int) -> ArchivedObject:
    name = f"{number:05}.jsonl.gz"
    store.put(f"{prefix}/{name}", body)
    return ArchivedObject(name=name, rows=rows, bytes=len(body), sha256=hashlib.sha256(body).hexdigest())


def read_lines(store: Store, prefix: str, manifest: Manifest) -> Iterator[bytes]:
    """The lines of all objects, without their line feeds, checked against `manifest` as they pass.

    Raises CorruptArchiveError at the latest after the last line: nothing that was read may count before the
    iteration has ended.
    """
    checksum = Checksum()
    for each in manifest.objects:
        for line in _read_object(store, f"{prefix}/{each.name}", each):
            checksum.add(line)
            yield line
    if (checksum.rows, str(checksum)) != (manifest.rows, manifest.checksum):
        raise CorruptArchiveError(
            f"{prefix}: {checksum.rows} rows with checksum {checksum} were read, "
            f"the manifest says {manifest.rows} with {manifest.checksum}"
        )


def _read_object(store: Store, path: str, expected: ArchivedObject) -> Iterator[bytes]:
    digest = hashlib.sha256()
    unpacker = zlib.decompressobj(wbits=_GZIP)
    rest, rows = b"", 0
    for chunk in store.read(path):
        digest.update(chunk)
        try:
            *lines, rest = (rest + unpacker.decompress(chunk)).split(b"\n")
        except zlib.error as error:
            raise CorruptArchiveError(f"{path} is damaged: {error}") from None
        rows += len(lines)
        yield from lines
    if digest.hexdigest() != expected.sha256:
        raise CorruptArchiveError(f"{path} is damaged: its SHA-256 is not the manifest's")
    if not unpacker.eof or unpacker.unused_data or rest or rows != expected.rows:
        raise CorruptArchiveError(f"{path} is damaged: it does not hold {expected.rows} whole lines")
