"""`ops.masked`: what is kept of a failing row names nobody."""

import json
import re
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

PERSON = st.sampled_from(
    ["ann@mail.example", "Ann <ann.b+c@sub.mail.example>", "\n\\ann@mail.example", "a@b.de,c@d.fr"]
)
TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=8)
WORD = st.one_of(TEXT, PERSON, st.tuples(TEXT, PERSON, TEXT).map("".join))
LEAF = st.one_of(WORD, st.none(), st.booleans(), st.integers(-(2**53), 2**53))
RECORD = st.dictionaries(
    st.one_of(TEXT, st.just("name")),
    st.recursive(
        LEAF,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
        max_leaves=6,
    ),
    max_size=5,
)


def test_a_record_keeps_an_address_or_is_changed_beside_it(elt_database: Any) -> None:
    """Whatever holds no address and is not called personal stays as it is, to the last escape."""
    with elt_database.connect("transformer", autocommit=True) as connection:

        @settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
        @given(RECORD)
        def check(record: dict[str, Any]) -> None:
            row = connection.execute(
                "select ops.masked(%s::jsonb, array['name'])", [json.dumps(record)]
            ).fetchone()
            masked = row[0]
            assert not re.search(
                r"[^\s\"<>@]@[^\s\"<>@]+\.[a-z]{2}",
                json.dumps(masked, ensure_ascii=False).replace("\\n", " "),
            )
            if record.get("name") is not None:
                assert masked["name"] == "masked"
            rest = {key: value for key, value in record.items() if key != "name"}
            if "@" not in json.dumps(rest, ensure_ascii=False) and "name" not in json.dumps(
                list(rest.values())
            ):
                assert {key: value for key, value in masked.items() if key != "name"} == rest

        check()
