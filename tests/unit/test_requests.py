"""What a person asks of a running recorder: done, or refused with field and value; never the end of it."""

import json
import math
from dataclasses import replace

import pytest

from monitor.model.facts import Fact
from monitor.recorder.requests import RefusedError, fact_of
from monitor.session.journal import encode
from monitor.session.state import SessionState

NOW_S = 100.0


def ask(**request):
    return fact_of(request, SessionState(), NOW_S)


def test_what_can_be_asked():
    assert ask(do="note", t=3, text=" two  words ", author="N") == Fact(
        "note", 3.0, "person", {"text": "two words", "author": "N"}
    )
    assert ask(do="lights", t=0, state="off") == Fact("lights", 0.0, "person", {"state": "off"})
    typed = ask(do="stage", t=NOW_S, stage="N2")
    assert typed == Fact("stage", NOW_S, "person", {"stage": "N2", "duration_s": None})
    seen = ask(do="acknowledged", t=5, alerts={"lost-left": "medium"}, author="N")
    assert seen.data == {"alerts": {"lost-left": "medium"}, "author": "N"}
    assert ask(do="sound", t=5, state="paused", duration_s=120).data == {
        "state": "paused",
        "duration_s": 120.0,
    }
    assert ask(do="sound", t=5, state="on").data == {"state": "on", "duration_s": None}


@pytest.mark.parametrize(
    "t", [None, "3", True, -1, NOW_S + 1000, math.nan, math.inf, -math.inf, 10**400, [], {}]
)
def test_a_time_that_is_none_is_refused(t):
    with pytest.raises(RefusedError, match="t = "):
        ask(do="note", t=t, text="x")


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        ({"do": "note", "t": 0}, "text"),
        ({"do": "note", "t": 0, "text": "  "}, "text"),
        ({"do": "note", "t": 0, "text": 3}, "text = 3"),
        ({"do": "note", "t": 0, "text": "x", "author": []}, "author"),
        ({"do": "lights", "t": 0, "state": "dim"}, "state = 'dim': expected one of off, on"),
        ({"do": "stage", "t": 0, "stage": "N4"}, "stage = 'N4'"),
        ({"do": "stage", "t": 0, "stage": ["N2"]}, "stage"),
        ({"do": "dance", "t": 0}, "'dance'"),
        ({"do": "acknowledged", "t": 0}, "alerts = None"),
        ({"do": "acknowledged", "t": 0, "alerts": {}}, "alerts = {}"),
        ({"do": "acknowledged", "t": 0, "alerts": {"lost-left": "loud"}}, "'lost-left' = loud"),
        ({"do": "acknowledged", "t": 0, "alerts": {"lost-left": ["high"]}}, "expected high, medium, low"),
        ({"do": "acknowledged", "t": 0, "alerts": {"k" * 121: "high"}}, "alerts: 'kkk"),
        ({"do": "sound", "t": 0, "state": "off"}, "state = 'off'"),
        ({"do": "sound", "t": 0, "state": "paused", "duration_s": 1e9}, "duration_s = 1000000000.0"),
        ({"do": "sound", "t": 0, "state": "paused", "duration_s": True}, "duration_s = True"),
        ({"do": "undo"}, "seq = None"),
        ({"do": "undo", "seq": "0"}, "seq = '0'"),
        ({"do": "undo", "seq": 12}, "seq = 12"),
        ({}, "t = None"),
    ],
)
def test_nonsense_is_refused_by_field(request_, words):
    with pytest.raises(RefusedError) as error:
        ask(**request_)
    assert words in str(error.value)


def test_whatever_json_can_carry_can_be_written_down():
    text = json.loads('"half a pair \\ud83d, a nul \\u0000, a line\\nbreak"')
    fact = ask(do="note", t=0, text=text, author=text)
    line = encode(Fact(fact.kind, fact.t, fact.source, fact.data, seq=0))
    assert line.count(b"\n") == 1
    assert len(ask(do="note", t=0, text="x" * 5000).data["text"]) == 1000


def test_only_a_persons_own_word_can_be_taken_back():
    state = SessionState.of(
        [
            Fact("note", 1.0, "person", {"text": "x"}, seq=0),
            Fact("stage", 0.0, "Stager", {"stage": "N2"}, seq=1),
        ]
    )
    undone = fact_of({"do": "undo", "seq": 0}, state, NOW_S)
    assert (undone.kind, undone.supersedes, undone.data) == ("withdrawn", 0, {"what": "note"})
    with pytest.raises(RefusedError):
        fact_of({"do": "undo", "seq": 1}, state, NOW_S)
    state.apply(Fact("withdrawn", 1.0, "person", {"what": "note"}, supersedes=0, seq=2))
    with pytest.raises(RefusedError):
        fact_of({"do": "undo", "seq": 0}, state, NOW_S)


def test_that_an_alert_was_seen_cannot_be_taken_back():
    state = SessionState.of([Fact("acknowledged", 1.0, "person", {"alerts": {"disk": "medium"}}, seq=0)])
    with pytest.raises(RefusedError, match="a valid fact"):
        fact_of({"do": "undo", "seq": 0}, state, NOW_S)


def test_the_author_is_added_to_entries_that_were_saved_without_one():
    notes = [Fact("note", 1.0, "person", {"text": "x"}, seq=0), Fact("stage", 30.0, "person", {
        "stage": "N2", "duration_s": None, "author": "kim"}, seq=1)]  # fmt: skip
    state = SessionState.of(
        [*notes, Fact("movement", 3.0, "detector", {"id": "L1", "phase": "onset"}, seq=2)]
    )
    named = fact_of({"do": "author", "of": [0], "author": "ada"}, state, NOW_S)
    assert (named.kind, named.data) == ("author", {"of": [0], "author": "ada"})
    for wrong in ([], [1], [2], [7], ["0"], None):
        with pytest.raises(RefusedError):
            fact_of({"do": "author", "of": wrong, "author": "ada"}, state, NOW_S)
    with pytest.raises(RefusedError, match="author"):
        fact_of({"do": "author", "of": [0]}, state, NOW_S)
    state.apply(replace(named, seq=3))
    assert state.fact(0).data == {"text": "x", "author": "ada"}
    # Once named it stays: also if an impossible second naming were in the journal.
    state.apply(Fact("author", 5.0, "person", {"of": [0, 1, 2], "author": "eve"}, seq=4))
    assert [state.fact(seq).data["author"] for seq in (0, 1)] == ["ada", "kim"]
