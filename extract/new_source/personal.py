"""What looks personal in sampled records, and made-up values of the same shape in its place."""

import re
from collections.abc import Callable
from typing import Any

from extract.new_source.names import snake_case

Record = dict[str, Any]

_EMAIL = re.compile(r"[\w.+%-]+@[\w-]+(\.[\w-]+)+")
_PHONE = re.compile(r"^(\+|00)[\d ().-]{7,20}$|^\(\d{2,5}\)[\d .-]{5,15}$")
_IP_ADDRESS = re.compile(r"\b\d{1,3}(\.\d{1,3}){3}\b")
_FREE_TEXT = re.compile(r"(^|_)(body|description|comment|note|message|text|bio|about|excerpt)s?$")
_LONG = 200

# Names of fields whose values are a person's own, whatever they look like.
_OF_A_PERSON = re.compile(
    r"(^|_)(e?mail|email_address|phone|mobile|fax|telephone|msisdn|first_name|last_name|full_name|middle_name|given_name"
    r"|family_name|surname|maiden_name|display_name|real_name|nickname|login|user_?name|screen_name|handle|birth_?date"
    r"|date_of_birth|birthday|dob|address|street|postcode|postal_code|zip|zip_code|ssn|tax_id|passport|iban"
    r"|account_number|card_number|ip|ip_address|latitude|longitude|lat|lng|lon|gender|avatar|gravatar_id|avatar_url)"
    r"(_?\d|_line_?\d)?$"
)
# Names that may as well be a thing's: made up in a fixture, taken for a person's only beside one of the above.
_MAYBE = re.compile(r"(^|_)(name|author|owner|contact|recipient)$")
_SECRET = re.compile(r"(^|_)(password|passwd|pwd|secret|token|api_?key|access_key|session)$")


def is_of_a_person(field: str, value: Any) -> bool:
    """Whether a field holds, or holds somewhere inside, what is a person's own."""
    name = snake_case(field)
    if _OF_A_PERSON.search(name) or _SECRET.search(name):
        return value not in (None, [], {})
    if isinstance(value, dict):
        return any(is_of_a_person(key, inner) for key, inner in value.items())
    if isinstance(value, list):
        return any(is_of_a_person(field, inner) for inner in value)
    return isinstance(value, str) and (_EMAIL.search(value) is not None or _PHONE.match(value) is not None)


def are_about_persons(records: list[Record]) -> bool:
    """Whether a field of the records themselves, not of an object in them, is called and filled as a person's own."""
    return any(
        isinstance(value, str) and value and _OF_A_PERSON.search(snake_case(field))
        for record in records
        for field, value in record.items()
    )


def is_free_text(field: str) -> bool:
    """Whether a field's name says that people write into it what they like."""
    return _FREE_TEXT.search(snake_case(field)) is not None


def personal_fields(records: list[Record]) -> tuple[str, ...]:
    """Top-level fields that hold what is a person's own in any record, in the order they come.

    A plain `name` counts where the records are about persons.
    """
    fields = dict.fromkeys(field for record in records for field in record)
    sure = {field for field in fields if any(is_of_a_person(field, record.get(field)) for record in records)}
    maybe = (
        {field for field in fields if _MAYBE.search(snake_case(field))}
        if are_about_persons(records)
        else set()
    )
    return tuple(field for field in fields if field in sure | maybe)


class Disguise:
    """Puts made-up values in place of personal ones: the same for the same, another for another, types kept."""

    def __init__(self) -> None:
        self._made_up: dict[Any, Any] = {}

    def records(self, records: list[Record]) -> list[Record]:
        """`records` without what looks personal, also where a personal text is part of another text."""
        masked = [self._object(record) for record in records]
        found = {old: new for old, new in self._made_up.items() if isinstance(old, str) and len(old) > 3}
        if not found:
            return masked
        longest_first = sorted(found, key=len, reverse=True)
        anywhere = re.compile("|".join(re.escape(text) for text in longest_first))
        replaced: list[Record] = [
            _texts(record, lambda text: anywhere.sub(lambda hit: found[hit[0]], text)) for record in masked
        ]
        return replaced

    def _object(self, value: Record) -> Record:
        return {key: self._value(key, inner) for key, inner in value.items()}

    def _value(self, field: str, value: Any) -> Any:
        if isinstance(value, dict):
            return self._object(value)
        if isinstance(value, list):
            return [self._value(field, inner) for inner in value]
        name = snake_case(field)
        called_personal = _OF_A_PERSON.search(name) or _MAYBE.search(name) or _SECRET.search(name)
        if called_personal and value is not None and not isinstance(value, bool):
            return self._instead_of(name, value)
        return self._text(name, value) if isinstance(value, str) else value

    def _text(self, name: str, value: str) -> str:
        """A text whose field is not called personal: some are by their look, others hold such a thing."""
        if _PHONE.match(value):
            return str(self._instead_of(name, value))
        if is_free_text(name) or len(value) > _LONG:
            return _filler(len(value))
        value = _EMAIL.sub(lambda found: str(self._instead_of(name, found[0])), value)
        return _IP_ADDRESS.sub(lambda found: str(self._instead_of(name, found[0])), value)

    def _instead_of(self, name: str, value: Any) -> Any:
        if value not in self._made_up:
            number = len(self._made_up) + 1
            made_up = _invented_text(name, value, number) if isinstance(value, str) else None
            self._made_up[value] = (
                type(value)(_other_digits(str(value), number)) if made_up is None else made_up
            )
        return self._made_up[value]


def _invented_text(name: str, value: str, number: int) -> str:
    if "@" in value:
        return f"person{number}@example.com"
    if _IP_ADDRESS.fullmatch(value):
        return f"192.0.2.{number % 254 + 1}"
    if "://" in value:
        return f"https://example.com/{number}"
    if re.search(r"birth|dob", name):
        return re.sub(r"^\d{4}-\d\d-\d\d", f"19{50 + number % 50}-01-01", value)
    if re.fullmatch(r"[\d\s+().-]*\d[\d\s+().-]*", value):
        return _other_digits(value, number)
    return f"Made Up {number}" if " " in value else f"made-up-{number}"


def _other_digits(value: str, number: int) -> str:
    """`value` with each digit replaced by one of `number`, padded with fives, so that its shape stays."""
    count = sum(character.isdigit() for character in value)
    digits = iter(str(number).rjust(count, "5")[-count:])
    return "".join(next(digits) if character.isdigit() else character for character in value)


def _filler(length: int) -> str:
    return ("made up text " * (length // 13 + 1))[:length].strip() if length else ""


def _texts(value: Any, change: Callable[[str], str]) -> Any:
    """`value` with `change` applied to every text in it; keys stay."""
    if isinstance(value, dict):
        return {key: _texts(inner, change) for key, inner in value.items()}
    if isinstance(value, list):
        return [_texts(inner, change) for inner in value]
    return change(value) if isinstance(value, str) else value
