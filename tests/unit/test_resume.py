"""Whether an interrupted session is resumed: by option or by an answer."""

import io
from pathlib import Path

import pytest
from support.sessions import beginning, make_session

from monitor.cli import resume
from monitor.cli.resume import Prompt, resumed_settings, session_to_resume
from monitor.lsl.discovery import Query
from monitor.model.config import load_config
from monitor.model.errors import InputError
from monitor.model.facts import Fact
from monitor.recorder.run import StopRequest
from monitor.session.folder import SessionFolder, SessionLock
from monitor.session.resume import CutOff
from monitor.session.state import SessionState

LEG = {"leg": "left", "channel": 1, "label": "", "unit": "uV", "scale_uv": 1.0, "how": "given"}
STREAM = {"key": 1, "name": "Amp", "source_id": "amp-1", "channels": [["", "uV", ""]] * 2, "legs": [LEG]}


def cut_off(ago_s=60.0, **config):
    document = {"config": dict(load_config("default").document) | config, "bed": "b", "legs": ["left"]}
    facts = [
        Fact("session", 0.0, "recorder", document, None, 0),
        Fact("stream", 0.0, "recorder", STREAM, None, 1),
    ]
    return CutOff(SessionFolder(Path("/nights/one")), SessionState.of(facts), ago_s)


class Said:
    def __init__(self):
        self.text = ""

    def say(self, text):
        self.text += text + "\n"


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def ask(monkeypatch):
    """Ask in a terminal where this is typed; return whether it goes on, and what was said."""

    def asking(found, typed="", *, always=False, screen=None, on_terminal=True):
        monkeypatch.setattr(resume, "find_cut_off", lambda *_: found)
        monkeypatch.setattr("sys.stdin", Terminal(typed) if on_terminal else io.StringIO(typed))
        said = Said()
        taken = session_to_resume(Path("/nights"), "b", "", Prompt(always, screen, said, StopRequest()))
        assert taken is None or taken is found
        return taken is not None, said.text

    monkeypatch.setattr(resume, "ANSWER_S", 0.3)
    return asking


@pytest.mark.parametrize(("typed", "goes_on"), [("y\n", True), ("n\n", False), ("what\nYes\n", True)])
def test_the_terminal_is_asked(ask, typed, goes_on):
    went_on, said = ask(cut_off(ago_s=7200.0 if goes_on else 60.0), typed)
    assert went_on == goes_on
    assert "Resume /nights/one (b, no study code; interrupted" in said
    assert ("can no longer be resumed" in said) != goes_on


@pytest.mark.parametrize("ago_s", [5.0, 60.0, 7200.0])
def test_without_an_answer_a_new_session_starts_however_short_the_interruption(ask, ago_s):
    went_on, said = ask(cut_off(ago_s))
    assert not went_on
    assert "without an answer a new session starts" in said.splitlines()[0]


def test_without_an_answer_on_the_start_screen_a_new_session_starts(ask):
    class Screen:
        def offer(self, offer):
            self.last = offer

    screen = Screen()
    assert not ask(cut_off(ago_s=5.0), screen=screen)[0]
    assert {"bed", "study", "recorded_s", "ago_s"} <= set(screen.last)


@pytest.mark.parametrize(("study", "named"), [("S-17", "study S-17, b;"), (None, "b, no study code;")])
def test_the_terminal_names_study_bed_length_and_time_away(ask, study, named):
    found = cut_off(ago_s=200.0)
    found.state.session["study"] = study
    question = ask(found, "y\n")[1].splitlines()[0]
    assert named in question
    assert "interrupted 3 min ago, 0:00:00 recorded" in question


def test_where_nobody_can_answer_a_new_one_begins_and_it_is_said_how_to_go_on(ask):
    went_on, said = ask(cut_off(), "y\n", on_terminal=False)
    assert not went_on
    assert "--resume resumes without asking" in said
    assert "plms-monitor recover /nights/one" in said


def test_the_option_asks_nobody(ask):
    assert ask(cut_off(7200.0), "n\n", always=True)[0]
    went_on, said = ask(None, always=True)
    assert not went_on
    assert "A new session starts" in said


def test_the_start_screen_is_asked_where_there_is_one(ask):
    class Screen:
        def __init__(self, answers):
            self.answers, self.offers = answers, []

        def offer(self, offer):
            self.offers.append(offer)
            return self.answers.pop(0)

    yes, no = Screen([None, True]), Screen([False])
    assert ask(cut_off(), screen=yes)[0]
    assert not ask(cut_off(), screen=no)[0]
    assert [o["session"] for o in yes.offers] == ["/nights/one"] * 2
    assert yes.offers[0]["left_s"] > yes.offers[1]["left_s"]


def test_a_damaged_one_keeps_no_night_from_beginning(ask, monkeypatch):
    def damaged(*_):
        raise InputError("journal.jsonl, line 3", "damaged")

    ask(None)
    monkeypatch.setattr(resume, "find_cut_off", damaged)
    said = Said()
    assert session_to_resume(Path("/n"), "b", "", Prompt(True, None, said, StopRequest())) is None
    assert "line 3: damaged" in said.text
    went_on, text = ask(cut_off(nonsense={}), always=True)
    assert not went_on
    assert "A new session starts" in text


def test_streams_and_channels_are_those_of_before_where_none_are_named():
    config = load_config("default")
    queries, kept = resumed_settings(cut_off(), [], config)
    assert queries == [Query("source_id", "amp-1")]
    assert dict(kept.wish.channels) == {"left": "#2"}
    assert kept.wish.unit == ""
    silent = {**STREAM, "channels": [["", "", ""]] * 2}
    before = cut_off()
    before.state.apply(Fact("stream", 0.0, "recorder", silent, None, 2))
    assert resumed_settings(before, [], config)[1].wish.unit == "uV"
    named = [Query("name", "Other")]
    queries, kept = resumed_settings(
        cut_off(), named, load_config("default", {"legs": {"left": "A", "right": "B"}})
    )
    assert queries == named
    assert dict(kept.wish.channels) == {"left": "A", "right": "B"}


def test_what_stood_in_for_a_source_is_looked_for_and_not_what_it_replaced():
    before = cut_off()
    spare = STREAM | {"key": 2, "replaces": 1, "source_id": "spare", "legs": [LEG | {"label": "TA"}]}
    before.state.apply(Fact("stream", 50.0, "recorder", spare, None, 2))
    queries, kept = resumed_settings(before, [], load_config("default"))
    assert queries == [Query("source_id", "spare")]
    assert dict(kept.wish.channels) == {"left": "TA"}


def test_interrupted_sessions_that_are_not_resumed_are_named(tmp_path):
    """By ``--resume``: one that has ended is not, nor one of another bed."""
    end = Fact("stop", 60.0, "recorder", {"reason": "end"})
    bed = str(beginning()[0].data["bed"])
    cut, ended = (tmp_path / f"2026-11-20T22150{n}Z_{bed}" for n in range(2))
    for path, facts in ((cut, beginning()), (ended, [*beginning(), end])):
        SessionLock(make_session(path, facts)).acquire()
    said = Said()
    assert session_to_resume(tmp_path, bed, "other", Prompt(True, None, said, StopRequest())) is None
    assert f"plms-monitor recover {cut}\n" in said.text
    assert str(ended) not in said.text
    said = Said()
    assert session_to_resume(tmp_path, "bed-9", "", Prompt(True, None, said, StopRequest())) is None
    assert said.text == "bed-9 has no session that can be resumed. A new session starts.\n"
