"""What is told: each trouble once when it comes, once when it becomes an error, and once when it is over."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from extract.alert.message import message
from extract.alert.told import Told, compare
from extract.alert.trouble import Trouble

NOW = datetime(2026, 3, 1, tzinfo=UTC)
SEVERITIES = st.sampled_from(["warning", "error"])
MOMENTS = st.lists(st.dictionaries(st.sampled_from("abcde"), SEVERITIES), max_size=8)


def trouble(key: str, severity: str, summary: str = "it") -> Trouble:
    return Trouble(key, severity, "smartpizza", summary, NOW, 3, "me", None)


@given(MOMENTS)
def test_a_trouble_is_told_each_time_or_lost(moments: list[dict[str, str]]) -> None:
    told: dict[str, Told] = {}
    heard: dict[str, str] = {}
    for moment in moments:
        open_now = [trouble(key, severity) for key, severity in moment.items()]
        changes = compare(open_now, told)
        for new in changes.new:
            assert new.key not in heard
            heard[new.key] = new.severity
        for worse in changes.worse:
            assert (heard[worse.key], worse.severity) == ("warning", "error")
            heard[worse.key] = "error"
        for over in changes.resolved:
            del heard[over.key]
        told = {each.key: Told(each.key, each.severity, each.summary, each.since) for each in open_now}
        # What became milder was not told, and counts as mild from now on.
        heard = {key: told[key].severity for key in heard}
        assert heard == moment
        assert not compare(open_now, told)


@given(st.lists(st.text(max_size=2000), min_size=1, max_size=40))
def test_a_message_holds_a_mention_or_is_too_long_for_slack(summaries: list[str]) -> None:
    changes = compare([trouble(str(number), "error", text) for number, text in enumerate(summaries)], {})
    body = message(changes)
    for block in body["blocks"]:
        text = block["text"]["text"]
        assert len(text) <= 3_000
        assert "<" not in text
        assert ">" not in text
