"""A scorer's half hour at a real window: a night is corrected, finished or while it is recorded."""

import sys

import pytest
from support.evening import Person, environment_with_eyes
from support.sessions import beginning, make_session, series, stage
from support.watching import (
    Command,
    closed,
    of_kind,
    run,
    session_paths,
    summary,
    whole_facts,
    windows,
)
from support.windows import bursts

from monitor.model.facts import Fact
from monitor.session.folder import SessionFolder
from monitor.session.state import SessionState
from monitor.session.tables import edits
from monitor.session.wall_time import WallTime

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="X is for Linux")

LENGTH_S, EPOCH_S = 1200.0, 30.0
# Six detected movements, and one that was missed, 22 s after them.
FIRST_S, MISSED_S = 600.0, 732.0
SEED, SPEED = 83, 20.0
# After this time without a stage the first one is a question (s).
UNSTAGED_S = 600.0
# How long a movement is drawn, by how much its end is moved, and the rest before it (s).
DRAWN_S, FURTHER_S, REST_S = 2.0, 1.5, 1.0


class Scorer(Person):
    """A person who corrects one night; each entry is waited for in its journal."""

    def __init__(self, desktop, place, name):
        environment, seen = environment_with_eyes(desktop, place)
        super().__init__(environment | {"XDG_CONFIG_HOME": str(place / "config")}, seen)
        self.desktop, self.name, self.folder = desktop, name, None

    def starts(self, log, *arguments):
        self.command = Command(log, *arguments, environment=self._environment)

    def sits_down(self, folder):
        """Turn to the window of a session once it can be worked with."""
        self.folder = folder
        title = f"PLMS Monitor · {folder.path.name}"
        (window,) = self.command.wait_for(lambda: windows(self.desktop, title), "window")
        self.waits_for(lambda now: now.get("is_drawn") and now["brackets"] and now["may_write"], "page")
        self.looks_at(window)

    def leaves(self):
        self.command.kill()
        for left in windows(self.desktop, "PLMS Monitor"):
            self.kills(left)

    def reads(self, kind, n=1):
        """Wait for facts of a kind in the journal; return them."""
        return self.command.wait_for(
            lambda: len(found := of_kind(whole_facts(self.folder.journal), kind)) >= n and found,
            f"{n} x {kind}",
        )

    def waits_for_page(self, start_s, what):
        page = [start_s, start_s + EPOCH_S]
        return self.waits_for(lambda now: now["visible_s"] == page and now["is_drawn"], what)

    def goes_to(self, what, start_s):
        """Go to an epoch or a time of day; the page starts there (s)."""
        self.presses("ctrl+g")
        self.waits_for(lambda now: now["is_note"], "question")
        self.types(what)
        self.waits_for(lambda now: now["note"] == what, "the answer")
        self.presses("Return")
        self.waits_for_page(start_s, what)

    def names_herself(self):
        self.waits_for(lambda now: "name" in now["hint"], "question for the name")
        self.types(self.name)
        self.presses("Return")

    def stages_marked_epoch(self, key, n):
        """Press the key of a stage; the marked epoch gets it, as the n-th stage, and the next is marked."""
        epoch_s = self.sees()["epoch_s"]
        self.presses(key)
        entered = self.reads("stage", n)[-1]
        assert (entered.t, entered.data["duration_s"]) == (epoch_s, EPOCH_S)
        self.waits_for(lambda now: now["epoch_s"] == epoch_s + EPOCH_S, "next epoch")
        return entered

    def rejects_next(self, n):
        """Reject the movement after the one in focus, as the n-th; return its keys."""
        before = self.sees()["chosen"]
        self.presses("ctrl+Right")
        keys = self.waits_for(lambda now: now["chosen"] not in ([], before) and now, "next movement")[
            "chosen"
        ]
        self.presses("x")
        self.waits_for(lambda now: now["question"].startswith("Why"), "question for the reason")
        self.presses("Return")
        assert self.reads("reject", n)[-1].data["movements"] == keys
        self.waits_for(lambda now: set(keys) <= set(now["rejected"]), "rejected movement")
        return keys

    def drags_to_menu(self, from_s, to_s, leg=0):
        self.drags(from_s, to_s, leg)
        return self.waits_for(lambda now: len(now["offered"]) > 5, "menu")["offered"][0]

    def enters_movement(self, onset_s):
        """Enter a movement on the left leg, move its end, and point at it."""
        assert "µV" in self.drags_to_menu(onset_s, onset_s + DRAWN_S)
        self.presses("m")
        (added,) = self.reads("manual")
        (drawn,) = added.data["movements"]
        assert (drawn["leg"], drawn["onset"]) == ("left", pytest.approx(onset_s, abs=0.1))
        self.waits_for(lambda now: now["chosen"] == [f"M{added.seq}"], "the new movement selected")
        self.drags(drawn["end"], drawn["end"] + FURTHER_S)
        moved = self.reads("manual", 2)[-1]
        assert moved.data["replaces"] == [f"M{added.seq}"]
        assert moved.data["movements"][0]["end"] == pytest.approx(drawn["end"] + FURTHER_S, abs=0.1)
        self.waits_for(lambda now: f"M{moved.seq}" in now["brackets"], "the moved edge")
        self.points_at(onset_s + 1.0)
        self.waits_for(lambda now: "by hand" in now["readout"], "what is under the pointer")

    def marks_artifact(self, from_s, to_s):
        self.drags_to_menu(from_s, to_s, leg=1)
        self.presses("a")
        (artifact,) = self.reads("artifact")
        assert artifact.data["legs"] == ["right"]
        assert [artifact.t, artifact.t + artifact.data["duration_s"]] == pytest.approx(
            [from_s, to_s], abs=0.1
        )

    def marks_arousal(self, from_s, to_s):
        """Mark an arousal, undo it and enter it again."""
        self.drags_to_menu(from_s, to_s)
        self.presses("o")
        (arousal,) = self.reads("arousal")
        assert arousal.t == pytest.approx(from_s, abs=0.1)
        entry = f"arousal {to_s - from_s:.1f} s"
        self.finds("kind:event", entry)

        self.presses("ctrl+z")
        assert self.reads("withdrawn")[0].supersedes == arousal.seq
        self.waits_for(lambda now: now["message"].startswith("Undone: arousal"), "undone entry")
        self.presses("ctrl+y")
        again = self.reads("arousal", 2)[-1]
        assert (again.t, again.data["duration_s"]) == (arousal.t, arousal.data["duration_s"])
        # The one that was undone remains in the log.
        self.finds("kind:event", entry, entry)

    def finds(self, text, *endings):
        """Search the log until it shows entries with these endings and no others; then show all of it."""
        self.presses("ctrl+f")
        self.waits_for(lambda now: now["is_search"], "search field")
        self.types(text)
        self.waits_for(
            lambda now: (
                now["count"] == len(endings)
                and all(row.endswith(ending) for row, ending in zip(now["rows"], endings, strict=True))
            ),
            "found entries",
        )
        self.presses("Escape")
        self.waits_for(lambda now: now["count"] > 10 and not now["is_search"], "the whole log")


def assert_named(scorer):
    """Assert that what the person entered is in the journal with author and time, and was counted once."""
    facts = whole_facts(scorer.folder.journal)
    entries = [fact for fact in facts if fact.source == "person"]
    state = SessionState.of(facts)
    named = [fact if fact.kind == "withdrawn" else state.fact(fact.seq) or fact for fact in entries]
    assert {fact.data["author"] for fact in named} == {scorer.name}
    told = [fact.data["told_utc"] for fact in entries]
    assert told == sorted(told)
    made = edits(state)
    counted = [made[name] for name in ("movements_entered", "arousals", "artifacts", "taken_back")]
    assert counted == [1, 1, 1, 1]
    return state


@pytest.fixture
def finished(desktop, tmp_path):
    """The window of a finished night that may be edited, and the person before it."""
    onsets_s = [FIRST_S + 22.0 * i for i in range(6)]
    facts = [
        *beginning(), *series(FIRST_S), *(stage(30.0 * i, "N2") for i in range(30)),
        Fact("stop", LENGTH_S, "recorder", {"reason": "test"}),
    ]  # fmt: skip
    folder = make_session(tmp_path / "s", facts, bursts(LENGTH_S, [*onsets_s, MISSED_S]))
    scorer = Scorer(desktop, tmp_path, "ada")
    scorer.starts(tmp_path / "review.log", "review", str(folder.path), "--edit")
    scorer.sits_down(folder)
    yield scorer
    scorer.leaves()


def test_a_scorers_half_hour(finished):
    scorer = finished
    # Page by epoch, with keys and with the wheel; an epoch gets its stage and the next one is marked.
    scorer.presses("Home")
    scorer.waits_for_page(0.0, "first page")
    scorer.presses("Next", "Next")
    scorer.waits_for_page(60.0, "third epoch")
    scorer.points_at(75.0)
    scorer.clicks(5)
    scorer.waits_for_page(90.0, "fourth epoch")
    assert scorer.stages_marked_epoch("3", 31).t == 90.0
    scorer.names_herself()
    scorer.waits_for(lambda now: not now["is_note"], "end of the question")

    scorer.goes_to("21", FIRST_S)
    scorer.presses("ctrl+Left")
    for i in range(3):
        assert scorer.rejects_next(i + 1) == [f"L600-{i + 1}"]
    scorer.waits_for(lambda now: now["rows"].count("LM  rejected") == 3, "rejected movements in the log")

    scorer.goes_to("25", 720.0)
    scorer.enters_movement(MISSED_S)
    scorer.marks_artifact(722.0, 726.0)
    scorer.marks_arousal(740.0, 744.0)
    scorer.goes_to("23:20:00", 300.0)
    scorer.presses("ctrl+a")
    scorer.waits_for_page(720.0, "the arousal")
    scorer.finds("author:ada kind:movement", "by hand")

    scorer.presses("F10")
    scorer.waits_for(lambda now: now["is_menu"], "menu")
    scorer.presses(*["Down"] * 7, "Return")
    scorer.waits_for(lambda now: now["question"].startswith("You sign"), "question for the signature")
    scorer.types("ada")
    scorer.waits_for(lambda now: now["note"] == "ada", "the name")
    scorer.presses("Return")
    (signed,) = scorer.reads("sign")
    scorer.waits_for(lambda now: now["signed"], "signature")
    state = assert_named(scorer)
    assert signed.seq == state.newest_seq
    assert (edits(state)["movements_rejected"], edits(state)["stages"]) == (3, 1)


@pytest.fixture
def going(desktop, tmp_path):
    """The window of a night that is being recorded from a simulated amplifier, and the person before it."""
    amplifier = Command(
        tmp_path / "amplifier.log", "simulate", "--seed", str(SEED), "--speed", str(SPEED),
        "--wait-for-receiver",
    )  # fmt: skip
    scorer, sessions = Scorer(desktop, tmp_path, "ada"), tmp_path / "s"
    scorer.starts(
        tmp_path / "watch.log", "watch", "--bed", "bed-9", "--sessions", str(sessions),
        "--stream", f"source_id=plms-sim-emg-{SEED}",
    )  # fmt: skip
    try:
        folder = SessionFolder(scorer.command.wait_for(lambda: session_paths(sessions), "session folder")[0])
        scorer.sits_down(folder)
        yield scorer
    finally:
        scorer.leaves()
        amplifier.kill()


def quiet_places(facts):
    """List starts (s) of rest on both legs that is long enough for a mark, each within one epoch."""
    moved = sorted((fact.data["onset"], fact.data["end"]) for fact in closed(facts))
    places, over_s = [], moved[0][1]
    for onset_s, end_s in moved:
        first_s = over_s + REST_S
        # Not at the very edge of a page.
        start_s = max(first_s, first_s // EPOCH_S * EPOCH_S + 0.5)
        stop_s = start_s + DRAWN_S + FURTHER_S + 0.5
        if stop_s + REST_S <= onset_s and stop_s // EPOCH_S == start_s // EPOCH_S:
            places.append(start_s)
        over_s = max(over_s, end_s)
    return places


def time_of_day(facts, after_s):
    """Return a time of day as the screen writes it, and the epoch (s) in which this second begins."""
    wall = WallTime.of(of_kind(facts, "stream"), of_kind(facts, "clock"))
    for t_s in range(round(after_s), round(after_s) + 600):
        # Not where its text begins: that is rounded, and begins half a second (ten of the recording) before.
        second = wall.at(t_s).replace(microsecond=0)
        if second > wall.at(t_s - 1) and EPOCH_S / 4 < t_s % EPOCH_S < EPOCH_S * 3 / 4:
            return f"{second:%H:%M:%S}", t_s // EPOCH_S * EPOCH_S
    raise AssertionError("no second begins in the middle of an epoch")


def test_the_same_in_a_going_night(going):
    scorer = going

    def facts():
        return whole_facts(scorer.folder.journal)

    def waits_for_movements(after_s, n):
        scorer.command.wait_for(
            lambda: len([fact for fact in closed(facts()) if fact.data["onset"] > after_s]) >= n,
            f"{n} movements after {after_s:.0f} s",
        )

    waits_for_movements(0.0, 8)
    places = scorer.command.wait_for(lambda: len(p := quiet_places(facts())) >= 3 and p, "quiet places")
    missed_s, disturbed_s, aroused_s = places[:3]
    # So late the first stage leaves a long part without one: the window asks from when on it holds.
    begun_s = scorer.waits_for(lambda now: now["now_s"] > UNSTAGED_S, "ten minutes of night")["now_s"]
    scorer.presses("2")
    scorer.waits_for(lambda now: now["is_note"] and "N2" in now["question"], "question about earlier epochs")
    scorer.types("o")
    scorer.waits_for(lambda now: now["note"] == "o", "the answer")
    scorer.presses("Return")
    (first,) = scorer.reads("stage")
    assert (first.t, first.data["stage"], first.data["duration_s"]) == (0.0, "N2", None)
    scorer.names_herself()
    scorer.waits_for(lambda now: not now["is_note"], "end of the question")

    scorer.presses("Prior")
    back = scorer.waits_for(lambda now: now["window_s"] and now["is_drawn"], "page of the past")
    page_s = back["window_s"][0]
    assert page_s % EPOCH_S == 0.0
    for _ in range(2):
        scorer.presses("Prior")
        page_s -= EPOCH_S
        scorer.waits_for_page(page_s, "the epoch before")
    assert scorer.stages_marked_epoch("3", 2).t == page_s

    scorer.goes_to("2", EPOCH_S)
    rejected = [key for i in range(3) for key in scorer.rejects_next(i + 1)]

    def goes_to_epoch_of(place_s):
        epoch = int(place_s // EPOCH_S)
        scorer.goes_to(str(epoch + 1), epoch * EPOCH_S)

    goes_to_epoch_of(missed_s)
    scorer.enters_movement(missed_s)
    goes_to_epoch_of(disturbed_s)
    scorer.marks_artifact(disturbed_s, disturbed_s + 3.0)
    goes_to_epoch_of(aroused_s)
    scorer.marks_arousal(aroused_s, aroused_s + 3.0)
    scorer.goes_to(*time_of_day(facts(), aroused_s + 60.0))
    scorer.presses("ctrl+shift+a")
    scorer.waits_for_page(aroused_s // EPOCH_S * EPOCH_S, "the arousal")
    scorer.finds("author:ada kind:movement", "by hand")

    # The page stayed where it was; the recorder went on all the time.
    assert scorer.sees()["window_s"][0] == aroused_s // EPOCH_S * EPOCH_S
    waits_for_movements(begun_s, 3)
    scorer.presses("End")
    live = scorer.waits_for(lambda now: now["window_s"] is None and now["is_live"], "live signal")
    waits_for_movements(live["now_s"], 1)

    assert run("stop", str(scorer.folder.path)).returncode == 0
    assert scorer.command.end() == 0, scorer.command.said
    assert "Traceback" not in scorer.command.said
    state = assert_named(scorer)
    assert (edits(state)["movements_rejected"], edits(state)["stages"]) == (len(rejected), 2)
    written = summary(scorer.folder.path)
    assert written["manual"]["edits"] == edits(state)
    # Three events were rejected and one was entered.
    for rules, without in written["manual"]["automatic"].items():
        assert without["n_lm"] - written["rules"][rules]["n_lm"] == 3 - 1
