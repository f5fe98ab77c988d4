"""What every source declares; a source added later is tested here without writing a test."""

import pytest

from extract.part import Part
from extract.source import Cursor, Source, SourceSettings, Stream
from extract.sources import all_sources


@pytest.mark.parametrize("source", all_sources().values(), ids=lambda source: source.name)
def test_a_source_is_complete(source: Source) -> None:
    assert source.name.isidentifier()
    assert source.streams
    for stream in source.streams:
        assert stream.path.startswith("/")
        assert len(source.raw_table(stream)) + len("_20260316_load_id_idx") < 64, (
            "Postgres would cut the name"
        )
    section = source.settings.model_validate({})
    assert set(section.streams or ()) <= set(source.stream_names)
    for stream in source.streams:
        stream.parts_by(section)


def test_smartpizza_has_its_streams() -> None:
    assert set(all_sources()["smartpizza"].stream_names) == {
        "orders", "order_summaries", "recipes", "customers", "customer_erasures", "branches", "inventory_levels"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("declared", "words"),
    [
        ({"primary_key": ()}, "primary_key is empty"),
        ({"primary_key": ("id",)}, "either a cursor or full_list"),
        ({"primary_key": ("id", 0), "full_list": True}, "either all names or all indexes"),
        ({"primary_key": (0,), "cursor": Cursor("since", "at")}, "either all names or all indexes"),
        ({"primary_key": ("id",), "cursor": Cursor("since", "at"), "full_list": True}, "either a cursor or"),
        ({"primary_key": ("id",), "full_list": True, "personal": ("name",)}, "need a subject"),
    ],
)
def test_a_stream_that_makes_no_sense_is_refused(declared: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Stream("things", "/things", **declared)  # type: ignore[arg-type]


def test_a_source_with_a_stream_twice_is_refused() -> None:
    stream = Stream("things", "/things", primary_key=("id",), full_list=True)
    with pytest.raises(ValueError, match="declared twice"):
        Source("shop", (stream, stream), SourceSettings)


@pytest.mark.parametrize(
    ("names", "full_list", "words"),
    [
        (["A", "B", "A"], False, "called alike: A, A, B"),
        (["", "A"], False, "so there is no other"),
        (["A"], True, "a full list is read whole"),
        (["A", "B"], True, "a full list is read whole"),
    ],
)
def test_parts_that_make_up_no_stream_are_refused(names: list[str], full_list: bool, words: str) -> None:
    cursor = None if full_list else Cursor("since", "at")
    parts = [Part(name) for name in names]
    stream = Stream(
        "things", "/things", primary_key=("id",), full_list=full_list, cursor=cursor, parts=lambda _: parts
    )
    with pytest.raises(ValueError, match=words):
        stream.parts_by(SourceSettings(base_url="http://api.test"))


@pytest.mark.parametrize("name", ["a b", "a..b", "replay", "a\n", "x" * 101])
def test_a_part_is_called_like_something_else_in_the_ledger(name: str) -> None:
    with pytest.raises(ValueError, match="a name has 1 to 100 characters"):
        Part(name)


def test_a_part_that_costs_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="request_cost is less than 1"):
        Part("A", request_cost=0)
