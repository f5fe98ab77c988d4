"""`extract check`: whether a run would get as far as its first page, looked at without changing anything."""

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial

import httpx
from psycopg_pool import ConnectionPool

from extract.budget import budget_of
from extract.credentials import read_secrets
from extract.database import connect, database_errors, open_pool
from extract.errors import ConfigurationError, Exit, ExtractError
from extract.migrate import pending
from extract.preflight import clear
from extract.rest import RestClient
from extract.settings import DatabaseSettings, Settings
from extract.source import Source, SourceSettings
from extract.sweep_tools import Work


@dataclass(frozen=True, slots=True)
class Finding:
    """What one look found: `exit_code` 0 is well."""

    subject: str
    message: str
    exit_code: Exit = Exit.DONE


def check_all(
    settings: Settings, sources: Sequence[Source], transport: httpx.BaseTransport | None = None
) -> list[Finding]:
    """Looks at the database and, with one cheap request each, at the sources, over `transport` if given."""
    database = _look("database", partial(_database, settings.database))
    findings = [Finding("config", "valid"), database]
    # With the database, a ban that another run met is kept here too.
    with open_pool(settings.database) if database.exit_code is Exit.DONE else nullcontext() as pool:
        for source in sources:
            credential = _look(f"{source.name} credential", partial(_credential, source))
            findings.append(credential)
            if credential.exit_code is Exit.DONE:
                findings.append(_look(f"{source.name} API", partial(_api, settings, source, pool, transport)))
    return findings


def _look(subject: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(subject, look())
    except ExtractError as error:
        return Finding(subject, str(error), error.exit_code)


def _database(settings: DatabaseSettings) -> str:
    with connect(settings=settings) as connection, database_errors():
        lacking = pending(connection)
        if lacking:
            raise ConfigurationError(f"lacks migration {lacking[0]}: run `extract init`")
        row = connection.execute(
            """
            select current_user, current_database(), pg_has_role(current_user, 'extractor', 'usage'),
                current_setting('server_version')
            """
        ).fetchone()
    if row is None or not row[2]:
        user = row[0] if row else "?"
        raise ConfigurationError(f"role {user} may not extract: set PGUSER to extractor")
    return f"reached {row[1]} as {row[0]}, Postgres {row[3]}, migrated"


def _credential(source: Source) -> str:
    read_secrets(source.name, source.auth.variables)
    return "set" if source.auth.variables else "none needed"


def _api(
    settings: Settings, source: Source, pool: ConnectionPool | None, transport: httpx.BaseTransport | None
) -> str:
    """The preflight, or one page of one record of the first stream where that reads no list."""
    section = settings.source(source)
    http = settings.http.model_copy(update={"attempts": min(settings.http.attempts, 2)})
    client = RestClient(
        source.name,
        section.base_url,
        http,
        transport=transport,
        auth=source.auth,
        token_url=section.token_url,
        budget=budget_of(source, section, pool) if pool is not None else None,
    )
    with client:
        cleared = clear(client, source, section)
        if source.preflight is None or source.preflight.listed is None:
            _first_page(client, source, section)
    credential = ", credential accepted" if source.auth.variables else ""
    return f"reached {section.base_url}{credential}" + (f"; {cleared}" if str(cleared) else "")


def _first_page(client: RestClient, source: Source, section: SourceSettings) -> None:
    works = (Work(stream, part=part) for stream in source.streams for part in stream.parts_by(section))
    work = next(works, None)
    if work is None:
        raise ConfigurationError(f"[sources.{source.name}] names nothing to read")
    walk = work.stream.paginator.start()
    read = partial(walk.read, page_size=1)
    client.get(work.stream.path, work.params | walk.params(1), read, work.stream.cost(work.part))
