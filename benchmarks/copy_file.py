"""python -m benchmarks.copy_file STATEMENT FILE: COPY of a file by psycopg, where there is no psql."""

import sys
from pathlib import Path

import psycopg

_BLOCK = 1024 * 1024


def main(statement: str, path: str) -> None:
    with (
        Path(path).open("rb") as file,
        psycopg.connect("") as connection,
        connection.cursor().copy(statement.encode()) as copy,
    ):
        while block := file.read(_BLOCK):
            copy.write(block)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
