"""`extract new-source`: looks at an API once and writes a source with all that belongs to it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from extract.answer import Answer
from extract.errors import BadAnswerError, ConfigurationError
from extract.new_source.columns import Column, columns_of
from extract.new_source.guess import Guess
from extract.new_source.identity import guess_cursor, guess_key
from extract.new_source.names import snake_case
from extract.new_source.paging import Paging, guess_paging
from extract.new_source.personal import Disguise, Record, are_about_persons, is_free_text, personal_fields
from extract.new_source.probe import Probe
from extract.new_source.project import CONFIG, SELECTORS, Project
from extract.new_source.render import Draft, config_section, selector, source_files
from extract.new_source.wish import Wish
from extract.source import Stream

_FIXTURE_RECORDS = 20
_PERSON_ID = re.compile(r"^(customer|user|person|contact|member|employee|patient|subscriber|buyer)_id$")


@dataclass(frozen=True, slots=True)
class Written:
    """What `new_source` did: the files it wrote, and what it guessed."""

    files: Sequence[str]
    guesses: Sequence[Guess]
    has_credential: bool


def new_source(wish: Wish, root: Path, force: bool = False) -> Written:
    """Writes the source `wish` into the project at `root`, all files or none.

    Sends one GET, and one more where the answer names a next page. Raises ConfigurationError where the name
    is taken (unless `force`) or no key, cursor or paginator is found, BadAnswerError for what is no list of
    records, UnreachableError where nobody answers.
    """
    project = Project(root)
    if not force:
        _refuse_taken(project, wish)
    probe = Probe(wish)
    draft, guesses = _draft(wish, probe)
    files = source_files(draft)
    files[CONFIG] = project.with_section(wish.name, config_section(draft))
    files[SELECTORS] = project.with_selector(wish.name, selector(draft))
    if not force:
        taken = [path for path in files if path not in (CONFIG, SELECTORS) and project.has(path)]
        if taken:
            raise ConfigurationError(f"{taken[0]} is there already; --force writes over it")
    project.write(files)
    return Written(list(files), guesses, probe.has_credential)


def _refuse_taken(project: Project, wish: Wish) -> None:
    path = f"extract/sources/{wish.name}.py"
    if project.has(path) or project.has_section(wish.name):
        where = path if project.has(path) else f"section [sources.{wish.name}] of {CONFIG}"
        raise ConfigurationError(f"source {wish.name} is taken: {where} is there; --force writes over it")


def _draft(wish: Wish, probe: Probe) -> tuple[Draft, list[Guess]]:
    answer = probe.get(wish.params)
    paging = guess_paging(answer, wish.stream, wish.params)
    records = paging.records
    if not records:
        raise BadAnswerError(
            f"GET {wish.url}: the list is empty: a source is written from the records it holds"
        )
    more, confirmed = _second_page(probe, paging, answer)
    records = [*records, *more]
    key, key_guess = guess_key(records, wish.stream, wish.key)
    cursor, cursor_guess = guess_cursor(records, paging.params, wish.cursor)
    personal = personal_fields(records)
    left_out = tuple(field for field in personal if field not in key)
    subject = _subject(key, records) if left_out else None
    stream = Stream(
        name=wish.stream,
        path=wish.path,
        primary_key=key,
        paginator=paging.paginator,
        cursor=cursor,
        full_list=cursor is None,
        params={
            name: value for name, value in paging.params.items() if cursor is None or name != cursor.param
        },
        subject=subject,
        personal=left_out if subject else (),
    )
    required = key if cursor is None else (*key, str(cursor.field))
    columns, unfit = columns_of(records, wish.stream, required, left_out)
    fixture = Disguise().records(records[:_FIXTURE_RECORDS])
    draft = Draft(wish.name, wish.base_url, paging.page_size, wish.auth, stream, columns, left_out, fixture)
    guesses = [*paging.guesses, confirmed, key_guess, cursor_guess, _privacy(columns, left_out, subject)]
    doubt = "its name makes no column: it stays in raw"
    guesses += [Guess("columns", "none", f"of {field!r}", doubt) for field in unfit]
    return draft, guesses


def _second_page(probe: Probe, paging: Paging, first: Answer) -> tuple[list[Record], Guess]:
    """The records of the page that the first one names, asked for as a run would; none where it repeats it."""
    walk = paging.paginator.start()
    following = walk.after(walk.read(first, paging.page_size))
    if following is None:
        return [], Guess(
            "next page", "none", "the first page is the last", "what the API calls the next one's token"
        )
    params = following.params(paging.page_size)
    answer = probe.get({**paging.params, **params})
    page = following.read(answer, paging.page_size)
    records = [msgspec.json.decode(record) for record in page.records]
    if records and records[0] == paging.records[0]:
        doubt = f"the API did not understand {', '.join(params)}: correct the paginator's parameters"
        return [], Guess("next page", "the first again", "the API served it", doubt)
    return records, Guess("next page", f"{len(records)} more records", "asked for and served")


def _subject(key: tuple[str, ...], records: list[Record]) -> str | None:
    """The field that identifies whom the records are about; None where a person is at most mentioned within."""
    if not are_about_persons(records):
        return None
    named = [field for field in records[0] if _PERSON_ID.match(snake_case(field))]
    return named[0] if named else key[0] if len(key) == 1 else None


def _privacy(columns: list[Column], left_out: tuple[str, ...], subject: str | None) -> Guess:
    doubt = "look yourself, also into the fixture"
    free = [column.name for column in columns if column.kind == "text" and is_free_text(column.name)]
    if free:
        doubt += f"; does {', '.join(free)} name persons? then take it out of base"
    if not left_out:
        return Guess("personal data", "none", "no field looks so", doubt)
    if subject:
        doubt += f"; is {subject} the person whom an erasure names?"
    return Guess("personal data", ", ".join(left_out), "stays in raw and is made up in the fixture", doubt)
