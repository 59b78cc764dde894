"""A person's evening at a real window, by keyboard alone, from the start screen to the summary."""

import sys

import pytest
from support.evening import Amplifier, Person, environment_with_eyes
from support.watching import Command, of_kind, run, session_paths, summary, whole_facts, windows

from monitor.session.control import ControlClient
from monitor.session.folder import SessionFolder
from monitor.session.state import SessionState


@pytest.fixture
def amplifier():
    made = Amplifier()
    yield made
    made.close()


@pytest.fixture
def evening(desktop, amplifier, tmp_path):
    """A recorder that waits at its start screen, and the person before it."""
    environment, seen = environment_with_eyes(desktop, tmp_path)
    environment["XDG_CONFIG_HOME"] = str(tmp_path / "config")
    person = Person(environment, seen)
    person.command = Command(
        tmp_path / "watch.log", "watch", "--bed", "bed-9", "--sessions", str(tmp_path / "s"),
        environment=environment,
    )  # fmt: skip
    person.sessions = tmp_path / "s"
    person.desktop = desktop
    yield person
    person.command.kill()
    # The window outlives the recorder.
    for window in windows(desktop, "PLMS Monitor"):
        person.kills(window)


def begins_the_recording(person):
    """Choose between two amplifiers, by keyboard."""
    watch = person.command
    (start,) = watch.wait_for(lambda: windows(person.desktop, "PLMS Monitor · start"), "start screen")
    person.waits_for(lambda now: now.get("start") is True and now["active"] is not None, "start screen")
    person.looks_at(start)
    person.waits_for(lambda now: now.get("is_box") and now["streams"] == 2, "focus on a stream")
    person.presses("space")
    person.waits_for(lambda now: now.get("chosen") == 1 and now["can_start"], "chosen stream")
    person.presses("Return")
    folder = SessionFolder(watch.wait_for(lambda: session_paths(person.sessions), "session folder")[0])
    title = f"PLMS Monitor · {folder.path.name}"
    (night,) = watch.wait_for(lambda: windows(person.desktop, title), "dashboard")
    person.waits_for(lambda now: now.get("start") is False and now["is_live"], "running signal")
    person.looks_at(night)
    return folder


def is_staged_elsewhere(folder):
    """Enter the first stage, as another window does.

    A first one after ten minutes is asked about: on a slow computer they are over before there is a window.
    """
    client = ControlClient(folder)
    client.ask({"do": "stage", "t": 0.0, "stage": "W", "author": "ada"})
    client.close()


def writes(person, key, text):
    person.presses(key)
    person.waits_for(lambda now: now["is_note"], "note field")
    person.types(text)
    person.waits_for(lambda now: now["note"] == text, f"{text!r} in the note field")
    person.presses("Return")


@pytest.mark.smoke
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="X is for Linux")
def test_a_persons_evening(evening, amplifier):
    person, watch = evening, evening.command
    folder = begins_the_recording(person)
    is_staged_elsewhere(folder)

    def facts(kind, n=1):
        return watch.wait_for(
            lambda: len(found := of_kind(whole_facts(folder.journal), kind)) >= n and found, f"{n} x {kind}"
        )

    # The first entry is saved, then the author is asked and added to it.
    writes(person, "n", "patient in bed")
    first = facts("note")[0]
    assert (first.data["text"], "author" in first.data) == ("patient in bed", False)
    person.waits_for(lambda now: "name" in now["hint"], "question for the name")
    person.types("ada")
    person.presses("Return")
    assert facts("author")[0].data["of"] == [first.seq]

    person.presses("b")
    person.waits_for(lambda now: now["calibration"] == "ready", "calibration")
    person.presses("b")
    # The rest is over in a second and a half: a busy computer may show only what comes after it.
    person.waits_for(lambda now: now["calibration"] not in ("ready", "relax"), "end of the rest")
    person.presses("shift+b")
    person.waits_for(lambda now: now["calibration"] == "", "end of the calibration")
    # Broken off: its begin and its end are in the journal, so its movements stay out.
    begun, ended = facts("biocal", 2)
    assert (begun.data["state"], ended.data["state"], ended.data["reason"]) == ("begin", "end", "broken off")
    assert begun.data["author"] == ended.data["author"] == "ada"

    person.presses("l")
    person.waits_for(lambda now: now["note"].startswith("Lights off"), "question for the lights")
    person.presses("Return")
    assert facts("lights")[0].data["state"] == "off"

    # Letters in a note are no commands.
    writes(person, "n", "walked 123 lard")
    assert facts("note", 2)[1].data["text"] == "walked 123 lard"
    person.presses("2")
    _, stage = facts("stage", 2)
    assert (stage.data["stage"], stage.data["duration_s"]) == ("N2", None)

    amplifier.is_pulled.set()
    lost = person.waits_for(lambda now: any("Left leg" in a[1] and a[0] == "medium" for a in now["alerts"]),
                            "alert of the lost lead")  # fmt: skip
    assert not any(is_seen for _, _, is_seen in lost["alerts"])
    person.presses("a")
    person.waits_for(lambda now: now["alerts"] and all(is_seen for _, _, is_seen in now["alerts"]),
                     "acknowledged alert")  # fmt: skip
    amplifier.is_pulled.clear()
    person.waits_for(lambda now: not any("Left leg flat" in a[1] for a in now["alerts"]), "end of the alert")

    # Some minutes back while the recording goes on, and home again.
    person.waits_for(lambda now: now["now_s"] > 200.0, "some minutes of night")
    person.presses("shift+Left")
    back = person.waits_for(lambda now: now["window_s"] and now["is_drawn"], "page of the past")
    assert back["window_s"][1] < back["now_s"] - 60.0
    person.presses("ctrl+Left")
    person.waits_for(lambda now: now["window_s"] and now["chosen"], "movement before")
    person.presses("End")
    person.waits_for(lambda now: now["window_s"] is None, "live signal")

    person.presses("ctrl+l")
    person.waits_for(lambda now: now["is_locked"], "lock")
    person.presses("3", "l")
    person.waits_for(lambda now: now["typed"] == "3l", "keys that do nothing")
    person.presses("Escape")
    person.types("unlock")
    person.waits_for(lambda now: now["typed"] == "unlock", "the word")
    person.presses("Return")
    person.waits_for(lambda now: not now["is_locked"], "open lock")
    assert len(of_kind(whole_facts(folder.journal), "stage")) == 2

    person.presses("l")
    person.waits_for(lambda now: now["note"].startswith("Lights on"), "question for the lights")
    person.presses("Return")
    assert [fact.data["state"] for fact in facts("lights", 2)] == ["off", "on"]
    person.waits_for(lambda now: now["is_summary"], "summary")

    assert run("stop", str(folder.path)).returncode == 0
    assert watch.end() == 0, watch.said
    assert "Traceback" not in watch.said
    state = SessionState.of(whole_facts(folder.journal))
    entries = [state.fact(f.seq) for f in whole_facts(folder.journal) if f.source == "person"]
    assert {f.data["author"] for f in entries} == {"ada"}
    assert summary(folder.path)["rules"]["aasm3"]["n_lm"] > 0
