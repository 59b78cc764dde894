"""A scorer's half hour at a real window: a finished night is gone through, corrected and signed."""

import sys

import pytest
from support.evening import Person, environment_with_eyes
from support.sessions import beginning, make_session, series, stage
from support.watching import Command, of_kind, whole_facts, windows
from support.windows import bursts

from monitor.model.facts import Fact
from monitor.session.state import SessionState
from monitor.session.tables import edits

LENGTH_S = 1200.0
# Six detected movements, and one that was missed, 22 s after them.
FIRST_S, MISSED_S = 600.0, 732.0


@pytest.fixture
def folder(tmp_path):
    onsets_s = [FIRST_S + 22.0 * i for i in range(6)]
    facts = [
        *beginning(), *series(FIRST_S), *(stage(30.0 * i, "N2") for i in range(30)),
        Fact("stop", LENGTH_S, "recorder", {"reason": "test"}),
    ]  # fmt: skip
    return make_session(tmp_path / "s", facts, bursts(LENGTH_S, [*onsets_s, MISSED_S]))


@pytest.fixture
def scorer(desktop, folder, tmp_path):
    """The window of a finished night that may be edited, and the person before it."""
    environment, seen = environment_with_eyes(desktop, tmp_path)
    environment["XDG_CONFIG_HOME"] = str(tmp_path / "config")
    person = Person(environment, seen)
    person.command = Command(
        tmp_path / "review.log", "review", str(folder.path), "--edit", environment=environment
    )
    (window,) = person.command.wait_for(
        lambda: windows(desktop, f"PLMS Monitor · {folder.path.name}"), "window"
    )
    person.waits_for(lambda now: now.get("is_drawn") and now["brackets"] and now["may_write"], "page")
    person.looks_at(window)
    yield person
    person.command.kill()
    for left in windows(desktop, "PLMS Monitor"):
        person.kills(left)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="X is for Linux")
def test_a_scorers_half_hour(scorer, folder):
    person = scorer

    def facts(kind, n=1):
        return person.command.wait_for(
            lambda: len(found := of_kind(whole_facts(folder.journal), kind)) >= n and found, f"{n} x {kind}"
        )

    def goes_to(what):
        person.presses("ctrl+g")
        person.waits_for(lambda now: now["is_note"], "question")
        person.types(what)
        person.waits_for(lambda now: now["note"] == what, "the answer")
        person.presses("Return")

    # Page by epoch, with keys and with the wheel; an epoch gets its stage and the next one is marked.
    person.presses("Home")
    person.waits_for(lambda now: now["visible_s"] == [0.0, 30.0], "first page")
    person.presses("Next", "Next")
    person.waits_for(lambda now: now["visible_s"] == [60.0, 90.0], "third epoch")
    person.points_at(75.0)
    person.clicks(5)
    person.waits_for(lambda now: now["visible_s"] == [90.0, 120.0], "fourth epoch")
    person.presses("3")
    assert (facts("stage", 31)[-1].t, facts("stage", 31)[-1].data["duration_s"]) == (90.0, 30.0)
    person.waits_for(lambda now: "name" in now["hint"], "question for the name")
    person.types("ada")
    person.presses("Return")
    person.waits_for(lambda now: now["epoch_s"] == 120.0 and not now["is_note"], "next epoch")

    # Three movements are rejected.
    goes_to("21")
    person.waits_for(lambda now: now["visible_s"] == [600.0, 630.0], "epoch 21")
    person.presses("ctrl+Left")
    for i in range(3):
        person.presses("ctrl+Right")
        key = f"L600-{i + 1}"
        person.waits_for(lambda now, key=key: now["chosen"] == [key], key)
        person.presses("x")
        person.waits_for(lambda now: now["question"].startswith("Why"), "question for the reason")
        person.presses("Return")
        assert facts("reject", i + 1)[-1].data["movements"] == [key]
        person.waits_for(lambda now, i=i: now["rows"].count("LM  rejected") == i + 1, "rejected movement")

    # The missed one is entered with a drag, and its end moved.
    goes_to("25")
    person.waits_for(lambda now: now["visible_s"] == [720.0, 750.0] and now["is_drawn"], "epoch 25")
    person.drags(MISSED_S, MISSED_S + 2.0)
    head = person.waits_for(lambda now: len(now["offered"]) > 5, "menu")["offered"][0]
    assert "µV" in head
    person.presses("m")
    (added,) = facts("manual")
    assert added.data["movements"][0]["onset"] == pytest.approx(MISSED_S, abs=0.1)
    person.waits_for(lambda now: now["chosen"] == [f"M{added.seq}"], "the new movement selected")
    end_s = added.data["movements"][0]["end"]
    person.drags(end_s, end_s + 1.5)
    moved = facts("manual", 2)[-1]
    assert moved.data["replaces"] == [f"M{added.seq}"]
    assert moved.data["movements"][0]["end"] == pytest.approx(end_s + 1.5, abs=0.1)
    person.waits_for(lambda now: f"M{moved.seq}" in now["brackets"], "the moved edge")
    person.points_at(MISSED_S + 1.0)
    person.waits_for(lambda now: "by hand" in now["readout"], "what is under the pointer")

    # An artifact on one leg, an arousal, and back.
    person.drags(722.0, 726.0, leg=1)
    person.waits_for(lambda now: len(now["offered"]) > 5, "menu")
    person.presses("a")
    assert facts("artifact")[0].data["legs"] == ["right"]
    person.drags(740.0, 744.0)
    person.waits_for(lambda now: len(now["offered"]) > 5, "menu")
    person.presses("o")
    (arousal,) = facts("arousal")
    person.waits_for(lambda now: "arousal 4.0 s" in now["rows"], "arousal in the log")
    goes_to("23:20:00")
    person.waits_for(lambda now: now["visible_s"] == [300.0, 330.0], "a time of day")
    person.presses("ctrl+a")
    person.waits_for(lambda now: now["visible_s"] == [720.0, 750.0], "the arousal")
    person.presses("ctrl+z")
    assert facts("withdrawn")[0].supersedes == arousal.seq
    person.waits_for(lambda now: now["message"].startswith("Undone: arousal"), "undone entry")
    person.presses("ctrl+y")
    facts("arousal", 2)

    # Search, sign.
    person.presses("ctrl+f")
    person.waits_for(lambda now: now["is_search"], "search field")
    person.types("author:ada kind:movement")
    person.waits_for(lambda now: now["count"] == 1 and now["rows"][0].endswith("by hand"), "found movement")
    person.presses("Escape")
    person.waits_for(lambda now: now["count"] > 10 and not now["is_search"], "the whole log")
    person.presses("F10")
    person.waits_for(lambda now: now["is_menu"], "menu")
    person.presses(*["Down"] * 7, "Return")
    person.waits_for(lambda now: now["question"].startswith("You sign"), "question for the signature")
    person.types("ada")
    person.waits_for(lambda now: now["note"] == "ada", "the name")
    person.presses("Return")
    (signed,) = facts("sign")
    person.waits_for(lambda now: now["signed"], "signature")

    entries = [fact for fact in whole_facts(folder.journal) if fact.source == "person"]
    state = SessionState.of(whole_facts(folder.journal))
    named = [state.fact(f.seq) or f for f in entries if f.kind != "withdrawn"]
    assert {f.data["author"] for f in named} == {"ada"}
    assert all("told_utc" in f.data for f in entries)
    assert signed.seq == state.newest_seq
    made = {name: n for name, n in edits(state).items() if n}
    assert made == {
        "movements_entered": 1, "movements_rejected": 3, "arousals": 1, "artifacts": 1, "stages": 1,
        "taken_back": 1,
    }  # fmt: skip
