"""`extract audit`."""

import typer
from rich.console import Console

from extract import log
from extract.audit import audit_source, ledgered_sources
from extract.commands.common import AnySources, named
from extract.database import connect, database_errors
from extract.errors import Exit


def audit(sources: AnySources = None) -> None:
    """Check the books over everything: sweeps, loads, raw rows and dead letters have to agree.

    Connects as role maintainer; changes nothing but its own row in ops.runs. One line a finding, with what to do; exit
    code 1 where the books do not balance. Without a SOURCE those are audited too that are no longer declared.
    """
    declared = {source.name: source.stream_names for source in named(sources)}
    console = Console(stderr=True)
    broken = 0
    with connect() as connection, database_errors(), console.status("the ledger") as status:
        names = sorted({*declared, *(() if sources else ledgered_sources(connection))})
        for name in names:
            found = audit_source(connection, name, declared.get(name, ()), status.update)
            broken += found.broken
            for finding in found.findings:
                log.tell("finding", str(finding), "error")
            log.tell("audited", str(found), "error" if found.broken else "info")
    raise typer.Exit(Exit.FAILED if broken else Exit.DONE)
