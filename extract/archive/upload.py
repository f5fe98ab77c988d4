"""A day's rows into the archive, and proof that they are there."""

from collections import deque
from datetime import UTC, date, datetime

from psycopg import Connection
from psycopg.rows import TupleRow

from extract.archive.lines import read_lines, write_lines
from extract.archive.manifest import Manifest, get_manifest, put_manifest
from extract.archive.rows import content_of, lines_of
from extract.archive.store import Store
from extract.errors import CorruptArchiveError
from extract.source import Source, Stream


def upload(
    connection: Connection[TupleRow],
    store: Store,
    source: Source,
    stream: Stream,
    day: date,
    *,
    partition: str,
    prefix: str,
) -> Manifest:
    """Exports a raw partition to objects and a manifest under `prefix`, then reads all of it back.

    Memory stays at one object. Raises CorruptArchiveError where what is read is not what Postgres has.
    """
    content = content_of(connection, partition)
    manifest = Manifest(
        source=source.name,
        stream=stream.name,
        day=day,
        rows=content.rows,
        checksum=content.checksum,
        created_at=datetime.now(UTC),
        objects=tuple(write_lines(store, prefix, lines_of(connection, partition))),
    )
    put_manifest(store, prefix, manifest)
    if get_manifest(store, prefix) != manifest:
        raise CorruptArchiveError(
            f"{prefix}: the manifest that was read back is not the one that was written"
        )
    deque(read_lines(store, prefix, manifest), maxlen=0)
    return manifest
