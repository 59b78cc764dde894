"""Movements, arousals and respiratory events that a person enters: facts, undone by facts, in any order."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples
from support.growing import ABOUT, HOUR_S, GrowingSession, detected

from monitor.model.facts import Fact
from monitor.model.payload_check import problem_of
from monitor.model.rules import PROFILES
from monitor.recorder.requests import RefusedError
from monitor.scoring import score
from monitor.session.journal import encode, parse
from monitor.session.journal import fact_of as read_fact
from monitor.session.state import SessionState
from monitor.session.tables import edits, manual


def drawn(onset_s, end_s, leg="left"):
    return {"leg": leg, "onset": onset_s, "end": end_s}


class Session(GrowingSession):
    """A session of one hour whose movements are looked at."""

    def __init__(self, *facts):
        super().__init__(Fact("session", 0.0, "recorder", ABOUT), *facts)

    def spans(self, **how):
        return sorted(
            (m.key, m.onset_us / 1e6, m.end_us / 1e6, m.leg)
            for m in self.state.night(HOUR_S, **how).movements
        )


def series(n=4, first_s=600.0):
    return [detected(first_s + 20.0 * i, f"L{i}") for i in range(n)]


def test_a_movement_is_entered_counted_and_undone():
    session = Session(*series(3))
    assert session.n_plm() == 0
    entered = session.ask(do="manual", movements=[drawn(660.0, 661.2)], author="AB")
    assert (entered.kind, entered.t, entered.source) == ("manual", 660.0, "person")
    assert entered.data == {"replaces": [], "movements": [drawn(660.0, 661.2)], "author": "AB"}
    assert ("M4", 660.0, 661.2, "left") in session.spans()
    assert (session.n_plm(), session.n_plm(is_automatic=True)) == (4, 0)
    session.ask(do="undo", seq=entered.seq)
    assert session.n_plm() == 0
    assert session.spans() == session.spans(is_automatic=True)


def test_edges_leg_split_and_merge_replace_what_was_there():
    session = Session(*series(3))
    session.ask(do="manual", replaces=["L0"], movements=[drawn(599.5, 602.0)])
    assert session.spans()[-1] == ("M4", 599.5, 602.0, "left")
    session.ask(do="manual", replaces=["M4"], movements=[drawn(599.5, 602.0, "right")])
    session.ask(do="manual", replaces=["L1"], movements=[drawn(620.0, 620.6), drawn(621.0, 621.5)])
    merged = session.ask(do="manual", replaces=["M6", "M6.1"], movements=[drawn(620.0, 621.5)])
    assert session.spans() == [
        ("L2", 640.0, 641.5, "left"), ("M5", 599.5, 602.0, "right"), ("M7", 620.0, 621.5, "left"),
    ]  # fmt: skip
    session.ask(do="undo", seq=merged.seq)
    assert [key for key, *_ in session.spans()] == ["L2", "M5", "M6", "M6.1"]


def test_what_depends_on_an_undone_entry_has_no_effect_and_returns_with_it():
    session = Session(*series(3))
    first = session.ask(do="manual", movements=[drawn(700.0, 701.0)])
    session.ask(do="manual", replaces=[f"M{first.seq}"], movements=[drawn(700.0, 703.0)])
    session.ask(do="undo", seq=first.seq)
    assert session.spans() == session.spans(is_automatic=True)
    assert edits(session.state)["movements_entered"] == 0


def test_a_movement_that_was_entered_is_rejected_and_restored_as_any_other():
    session = Session(*series(3))
    key = f"M{session.ask(do='manual', movements=[drawn(660.0, 661.0)]).seq}"
    session.ask(do="reject", movements=[key], reason="x")
    assert session.n_plm() == 0
    session.ask(do="accept", movement=key)
    assert session.n_plm() == 4


def test_the_counts_with_and_without_are_both_there():
    session = Session(*series(3))
    session.ask(do="manual", movements=[drawn(660.0, 661.0)])
    session.ask(do="arousal", t=600.5, duration_s=4.0)
    session.ask(do="respiratory", t=100.0, duration_s=14.0, label="hypopnea")
    scores = {name: score(session.state.night(HOUR_S), profile) for name, profile in PROFILES.items()}
    found = manual(session.state, scores, HOUR_S)
    assert found["automatic"]["aasm3"]["n_plm"] == 0
    assert scores["aasm3"].indices.n_plm == 4
    names = ("movements_entered", "arousals", "respiratory", "movements_rejected")
    assert [found["edits"][name] for name in names] == [1, 1, 1, 0]
    night, alone = session.state.night(HOUR_S), session.state.night(HOUR_S, is_automatic=True)
    assert (len(night.arousals), len(night.respiratory)) == (1, 1)
    assert (alone.arousals, alone.respiratory) == ((), ())


def test_events_of_a_stream_count_without_a_person_too():
    session = Session(Fact("arousal", 10.0, "Scorer", {"duration_s": 4.0}))
    assert len(session.state.night(HOUR_S, is_automatic=True).arousals) == 1


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        ({"movements": []}, "movements = []"),
        ({"movements": [3]}, "movements: 3"),
        ({"movements": [drawn(660.0, 660.0)]}, "end = 660 with onset = 660"),
        ({"movements": [drawn(660.0, 650.0)]}, "end = 650"),
        ({"movements": [drawn(660.0, 661.0, "arm")]}, "leg = 'arm'"),
        ({"movements": [drawn(660.0, HOUR_S * 2)]}, "t = "),
        ({"movements": [drawn(600.5, 603.0)]}, "overlaps the movement L0"),
        ({"movements": [drawn(700.0, 703.0), drawn(702.0, 704.0)]}, "overlaps the movement entered"),
        ({"movements": [drawn(700.0, 703.0)], "replaces": ["L9"]}, "unknown movement 'L9'"),
        ({"movements": [drawn(700.0, 703.0)], "replaces": "L1"}, "replaces = L1"),
        ({"movements": [drawn(700.0, 703.0)], "replaces": ["L1", "L1"]}, "replaces = "),
        ({"movements": [drawn(700.0, 703.0)], "replaces": ["open"]}, "'open' has not ended"),
        ({"movements": [drawn(700.0, 703.0)], "replaces": ["L2"]}, "'L2' is rejected"),
        ({"do": "arousal", "t": 5.0}, "duration_s = None"),
        ({"do": "respiratory", "t": 5.0, "duration_s": 10.0, "label": "sigh"}, "label = 'sigh'"),
    ],
)
def test_what_cannot_be_entered_is_refused_with_field_and_value(request_, words):
    session = Session(*series(3), detected(3000.0, "open", phase="confirmed"))
    session.ask(do="reject", movements=["L2"], reason="x")
    with pytest.raises(RefusedError) as refused:
        session.ask(**({"do": "manual"} | request_))
    assert words in str(refused.value)


def test_an_entry_survives_the_journal_and_a_damaged_one_is_set_aside():
    fact = Fact("manual", 1.0, "person", {"replaces": ["L1"], "movements": [drawn(1.0, 2.0)]}, seq=7)
    assert read_fact(parse(encode(fact))) == fact
    row = {"kind": "manual", "t": 1.0, "source": "person", "replaces": []}
    assert "not after" in problem_of(row | {"movements": [drawn(2.0, 2.0)]})
    assert problem_of(row | {"movements": []}) != ""
    assert problem_of(row | {"movements": [drawn(2.0, 3.0)]}) == ""


@st.composite
def edited(draw):
    """Draw a session in which a person entered, changed, rejected and undid movements."""
    session = Session(*series(4), *(detected(900.0 + 30.0 * i, f"R{i}", "right") for i in range(3)))
    for at in range(draw(st.integers(0, 8))):
        keys = [key for key, *_ in session.spans() if session.state.rejection(key) is None]
        what = draw(st.sampled_from(["add", "change", "split", "reject", "undo"]))
        key = draw(st.sampled_from(keys)) if keys else None
        try:
            if what == "add":
                session.ask(do="manual", movements=[drawn(1500.0 + 10.0 * at, 1502.0 + 10.0 * at)])
            elif what == "undo":
                session.ask(do="undo", seq=draw(st.integers(8, len(session.facts))))
            elif key is not None and what == "reject":
                session.ask(do="reject", movements=[key], reason="x")
            elif key is not None:
                (here,) = [span for span in session.spans() if span[0] == key]
                _, start_s, end_s, leg = here
                middle_s = (start_s + end_s) / 2
                parts = [(start_s, middle_s), (middle_s + 0.01, end_s)] if what == "split" else [
                    (start_s + 0.1, end_s + 0.1)
                ]  # fmt: skip
                session.ask(do="manual", replaces=[key], movements=[drawn(*part, leg) for part in parts])
        except RefusedError:
            continue
    return session


@examples(60)
@given(edited(), st.randoms())
def test_any_prefix_and_any_order_of_late_facts_give_the_same_movements(session, random):
    facts = session.facts
    for n in range(1, len(facts) + 1):
        grown = SessionState.of(facts[:n])
        one_by_one = SessionState()
        for fact in facts[:n]:
            one_by_one.apply(fact)
            one_by_one.night(HOUR_S)
        assert grown.night(HOUR_S) == one_by_one.night(HOUR_S)
    # What the detector wrote may come late: only the order among the entries of persons has a meaning.
    detected = [fact for fact in facts if fact.source == "detector"]
    rest = [fact for fact in facts if fact.source != "detector"]
    for fact in detected:
        rest.insert(random.randint(1, len(rest)), fact)
    mixed = SessionState.of(rest).night(HOUR_S).movements
    assert sorted(mixed, key=lambda m: m.key) == sorted(
        session.state.night(HOUR_S).movements, key=lambda m: m.key
    )
    # Entries alone make no overlap; after a rejection or an undo the scorer joins what overlaps.
    if {fact.kind for fact in facts}.isdisjoint({"reject", "withdrawn"}):
        for leg in ("left", "right"):
            own = sorted((start, end) for _, start, end, on in session.spans() if on == leg)
            assert all(after[0] >= before[1] - 1e-6 for before, after in itertools.pairwise(own))


def test_movements_that_overlap_after_an_undo_are_one_lm():
    session = Session(*series(4))
    rejected = session.ask(do="reject", movements=["L0"], reason="x")
    session.ask(do="manual", movements=[drawn(600.5, 602.5)])
    session.ask(do="undo", seq=rejected.seq)
    found = score(session.state.night(HOUR_S), PROFILES["wasm2016"])
    assert (found.indices.n_lm, found.lms[0].onset_us, found.lms[0].end_us) == (4, 600_000_000, 602_500_000)
