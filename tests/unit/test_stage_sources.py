"""Who is believed about a stage: person > scored stream > automatic; the later of equals; typed ones hold."""

import pytest

from monitor.model.facts import Fact
from monitor.session.stages import rank, resolve_stages
from monitor.session.state import SessionState


def told(t_s, stage, source="Stager", duration_s=30.0):
    return Fact("stage", t_s, source, {"stage": stage, "duration_s": duration_s})


def laid(*facts):
    return [(e.start_us / 1e6, e.end_us / 1e6, e.stage) for e in resolve_stages(facts)]


def test_the_order_of_sources():
    assert rank("person") == rank("person:N") > rank("Stager") == rank("anything") > rank("auto")


@pytest.mark.parametrize("turned", [False, True])
def test_a_stronger_source_wins_whichever_came_first(turned):
    facts = [told(0, "N1", "auto"), told(0, "N2"), told(0, "W", "person")]
    for n in (3, 2, 1):
        order = facts[:n][::-1] if turned else facts[:n]
        assert laid(*order) == [(0, 30, facts[n - 1].data["stage"])]


def test_the_later_of_equals_wins():
    assert laid(told(0, "N1"), told(0, "N2", "Other stager")) == [(0, 30, "N2")]
    assert laid(told(0, "N2", "Other stager"), told(0, "N1")) == [(0, 30, "N1")]


def test_a_repeated_epoch_some_milliseconds_beside_replaces_the_whole_of_it():
    assert laid(told(0.0, "N1"), told(30.0, "N2"), told(30.004, "N3"), told(60.0, "R")) == [
        (0, 30, "N1"),
        (30, 60, "N3"),
        (60, 90, "R"),
    ]
    # The grid is that of the first in time, whichever was told first.
    assert laid(told(30.0, "N2"), told(29.997, "N3")) == [(29.997, 59.997, "N3")]
    assert laid(told(29.997, "N3"), told(30.0, "N2")) == [(29.997, 59.997, "N2")]


def test_a_typed_stage_holds_until_the_next_typed_one():
    typed = [told(10, "W", "person", None), told(100, "N2", "person", None)]
    assert laid(*typed)[0] == (10, 100, "W")
    assert laid(*typed)[1][::2] == (100, "N2")
    # Typed later for an earlier time, it ends where the next begins.
    assert laid(*typed, told(50, "N1", "person", None))[:2] == [(10, 50, "W"), (50, 100, "N1")]


def test_a_typed_stage_covers_the_scored_epochs_it_reaches_into():
    assert laid(told(0, "N2"), told(30, "N2"), told(45, "W", "person", None))[:3] == [
        (0, 30, "N2"),
        (30, 45, "N2"),
        (45, pytest.approx(2**62 / 1e6, rel=1e-3), "W"),
    ]


def test_an_automatic_stage_fills_only_what_nobody_scored():
    automatic = [told(30 * i, "N1", "auto") for i in range(4)]
    assert laid(*automatic, told(30, "N2"), told(90, "W")) == [
        (0, 30, "N1"),
        (30, 60, "N2"),
        (60, 90, "N1"),
        (90, 120, "W"),
    ]


def test_the_night_cuts_a_typed_stage_at_now_and_keeps_whole_epochs():
    facts = [
        Fact("session", 0.0, "recorder", {"legs": ["left"]}, seq=0),
        Fact("stage", 0.0, "Stager", {"stage": "N2", "duration_s": 30.0}, seq=1),
        Fact("stage", 30.0, "person", {"stage": "W", "duration_s": None}, seq=2),
    ]
    state = SessionState.of(facts)
    assert [(e.start_us, e.end_us) for e in state.night(50.0).epochs] == [
        (0, 30_000_000),
        (30_000_000, 50_000_000),
    ]
    assert [(e.start_us, e.end_us) for e in state.night(20.0).epochs] == [(0, 30_000_000)]
    assert state.stage_at(29.0) == "N2"
    assert state.stage_at(5000.0) == "W"
    assert state.stage_at(-1.0) is None
