"""Some amplifier programs make a new source id at each start: the recording continues if that is safe."""

import json
import re
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path

import pytest
import pyxdf
from support.watching import Watch, of_kind, run, session_paths

from monitor.session.journal import read_journal

SENDER = Path(__file__).parents[1] / "support" / "sender.py"
FORM = {"rate_hz": 500, "labels": ["LAT", "RAT"], "name": "Amp"}
LONG = [pytest.mark.soak, pytest.mark.timeout(300)]

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")


@pytest.fixture
def send():
    """Start a sender with a new source id; killed after the test."""
    running = []

    def begin(form=FORM, **changes):
        whole = {"source_id": uuid.uuid4().hex} | form | changes
        running.append(subprocess.Popen([sys.executable, str(SENDER), json.dumps(whole)]))
        running[-1].source_id = whole["source_id"]
        return running[-1]

    yield begin
    for each in running:
        kill(each)


@pytest.fixture
def watch(tmp_path):
    """Start a recorder; killed after the test."""
    running = []

    def begin(*arguments):
        running.append(Watch(tmp_path / "sessions", "--bed", "newid", *arguments))
        return running[-1]

    yield begin
    for each in running:
        each.kill()


def kill(process):
    """End it as a crash does: it says no farewell."""
    if hasattr(signal, "SIGCONT"):
        process.send_signal(signal.SIGCONT)
    process.kill()
    process.wait(30)


def anchored(n):
    return lambda facts: len(of_kind(facts, "anchor")) == n


def connected(names, n):
    """Whether each of these was connected so many times."""
    return lambda facts: all(
        sum(fact.data["name"] == name for fact in of_kind(facts, "stream")) == n for name in names
    )


def lost(why):
    return lambda facts: any(why in fact.data["reason"] for fact in of_kind(facts, "lost"))


def new_ids(facts):
    """List what was journalled of new source ids: (name, before, now)."""
    found = [fact.data for fact in of_kind(facts, "warning") if "source_id" in fact.data]
    assert all("came back with a new source id" in data["reason"] for data in found)
    return [(data["about"], data["source_id_before"], data["source_id"]) for data in found]


def end(recorder):
    assert run("stop", str(recorder.folder.path)).returncode == 0
    assert recorder.end() == 0, recorder.said
    facts, tail = read_journal(recorder.folder.journal)
    assert tail.torn_bytes == 0
    assert [f for f in of_kind(facts, "warning") if "Error" in f.data["reason"]] == []
    return facts


def test_a_source_that_is_back_under_a_new_id_and_alone_is_recorded_on(send, watch):
    first = send()
    recorder = watch("--stream", "Amp")
    recorder.facts_until(anchored(1), "first sample")
    kill(first)
    recorder.facts_until(lambda facts: of_kind(facts, "lost"), "word of the loss")
    second = send()
    recorder.facts_until(anchored(2), "the source again")
    facts = end(recorder)
    assert new_ids(facts) == [("Amp", first.source_id, second.source_id)]
    before, after = of_kind(facts, "stream")
    assert (before.data["key"], after.data["key"]) == (1, 1)
    assert before.data["legs"] == after.data["legs"]
    opened, shut = of_kind(facts, "gap")
    assert (shut.supersedes, shut.data["cause"]) == (opened.seq, "stream lost")
    assert of_kind(facts, "source_accepted") == []
    streams, _ = pyxdf.load_xdf(recorder.folder.recording, verbose=False)
    assert len(streams) == 1
    # Who reads the log in the morning sees it.
    report = recorder.folder.path.with_suffix(".html")
    assert run("report", str(recorder.folder.path), "--out", str(report)).returncode == 0
    assert "came back with a new source id" in report.read_text()


def test_a_leg_each_and_markers_are_all_found_again(send, watch):
    forms = [FORM | {"name": "Left", "labels": ["LAT"]}, FORM | {"name": "Right", "labels": ["RAT"]}]
    forms.append({"name": "Stager", "texts": "supine"})
    names = [form["name"] for form in forms]
    first = [send(form) for form in forms]
    recorder = watch(*(word for name in names for word in ("--stream", name)))
    recorder.facts_until(anchored(2), "first sample of each")
    recorder.facts_until(lambda facts: of_kind(facts, "position"), "a marker")
    for each in first:
        kill(each)
    recorder.facts_until(lambda facts: len(of_kind(facts, "lost")) >= 3, "word of each loss")
    second = [send(form | ({"texts": "left"} if "texts" in form else {})) for form in forms]
    recorder.facts_until(connected(names, 2), "each again")
    recorder.facts_until(anchored(4), "samples of each")
    recorder.facts_until(
        lambda facts: of_kind(facts, "position")[-1].data["position"] == "left", "a marker of the new run"
    )
    facts = end(recorder)
    assert sorted(new_ids(facts)) == sorted(
        (name, old.source_id, new.source_id) for name, old, new in zip(names, first, second, strict=True)
    )
    keys = {
        name: {f.data["key"] for f in of_kind(facts, "stream") if f.data["name"] == name} for name in names
    }
    assert sorted(map(len, keys.values())) == [1, 1, 1]
    assert all(gap.data["end"] is not None for gap in of_kind(facts, "gap") if gap.supersedes is not None)


@pytest.mark.soak
@pytest.mark.timeout(600)
@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="no SIGSTOP")
@pytest.mark.parametrize("hanging", ["Amp", "Stager"])
def test_one_that_hangs_is_replaced_by_its_next_run(send, watch, hanging):
    """Nothing ends its connection: it is out of sight, and another run is there."""
    forms = {"Amp": FORM, "Stager": {"name": "Stager", "texts": "supine"}}
    first = {name: send(form) for name, form in forms.items()}
    recorder = watch("--stream", "Amp", "--stream", "Stager")
    recorder.facts_until(lambda facts: of_kind(facts, "position"), "a marker")
    first[hanging].send_signal(signal.SIGSTOP)
    second = send(forms[hanging])
    facts = recorder.facts_until(connected([hanging], 2), "the next run")
    assert new_ids(facts) == [(hanging, first[hanging].source_id, second.source_id)]
    end(recorder)


def test_of_two_that_could_be_it_none_is_taken_until_a_person_names_one(send, watch):
    first = send()
    recorder = watch("--stream", "Amp")
    recorder.facts_until(anchored(1), "first sample")
    kill(first)
    recorder.facts_until(lambda facts: of_kind(facts, "lost"), "word of the loss")
    second, third = send(), send()
    facts = recorder.facts_until(lost("2 similar streams with new source ids found"), "the reason")
    assert "plms-monitor accept SESSION --stream uid=X" in of_kind(facts, "lost")[-1].data["reason"]
    recorder.wait_for(lambda: "WAITING: 2 similar streams" in recorder.said, "the status line")
    assert len(of_kind(facts, "anchor")) == 1
    kill(third)
    # The one that went away may have been it.
    facts = recorder.facts_until(lost("it may belong to another bed: it is not used"), "the reason")
    assert len(of_kind(facts, "anchor")) == 1
    (uid,) = re.findall("--stream (uid=[-0-9a-f]+)", of_kind(facts, "lost")[-1].data["reason"])
    done = run("accept", str(recorder.folder.path), "--stream", uid)
    assert (done.returncode, done.stdout) == (0, "Source accepted; recording continues.\n"), done.stderr
    facts = end(recorder)
    assert new_ids(facts) == []
    assert of_kind(facts, "stream")[-1].data["source_id"] == second.source_id


def test_where_another_like_it_ran_beside_it_a_person_decides(send, watch):
    """Two beds on one computer: the amplifier that starts again may be the other one's."""
    first, other = send(), send()
    recorder = watch("--stream", f"source_id={first.source_id}")
    recorder.facts_until(anchored(1), "first sample")
    recorder.facts_until(
        lambda facts: any(
            "another stream with the same name" in f.data["reason"] for f in of_kind(facts, "warning")
        ),
        "word of the other",
    )
    kill(other)
    kill(first)
    recorder.facts_until(lambda facts: of_kind(facts, "lost"), "word of the loss")
    again = send()
    facts = recorder.facts_until(lost("it may belong to another bed: it is not used"), "the reason")
    assert len(of_kind(facts, "anchor")) == 1
    (uid,) = re.findall("--stream (uid=[-0-9a-f]+)", of_kind(facts, "lost")[-1].data["reason"])
    done = run("accept", str(recorder.folder.path), "--stream", uid, "--author", "N. Nurse")
    assert (done.returncode, done.stdout) == (0, "Source accepted; recording continues.\n"), done.stderr
    recorder.facts_until(anchored(2), "the one that was named")
    facts = end(recorder)
    assert new_ids(facts) == []
    assert of_kind(facts, "stream")[-1].data["source_id"] == again.source_id


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"rate_hz": 250}, "rate_hz changed from 500.0 to 250.0"),
        ({"simulated": True}, "it is simulated"),
        pytest.param({"labels": ["LAT", "RAT", "ECG"]}, "it has 3 channels", marks=LONG),
    ],
    ids=["rate", "simulated", "channels"],
)
def test_one_that_is_not_the_same_is_waited_for_loudly(send, watch, changes, why):
    first = send()
    recorder = watch("--stream", "Amp")
    recorder.facts_until(anchored(1), "first sample")
    kill(first)
    recorder.facts_until(lambda facts: of_kind(facts, "lost"), "word of the loss")
    wrong = send(**changes)
    facts = recorder.facts_until(lost(why), "the reason")
    assert "it is not used. If it is the right one" in of_kind(facts, "lost")[-1].data["reason"]
    assert len(of_kind(facts, "anchor")) == 1
    # The same under its own id again, beside that one.
    send(source_id=first.source_id)
    recorder.facts_until(anchored(2), "the source itself")
    kill(wrong)
    assert new_ids(end(recorder)) == []


def test_a_recorder_that_is_started_again_finds_a_source_with_a_new_id(send, watch, tmp_path):
    first = send()
    killed = watch("--stream", "Amp")
    killed.facts_until(anchored(1), "first sample")
    folder = killed.folder
    until_s = time.monotonic() + 2.0
    killed.wait_for(lambda: time.monotonic() >= until_s, "two seconds")
    killed.kill()
    kill(first)
    second = send()
    # Nothing is named: it is looked for by its old id, which is nowhere.
    recorder = watch("--resume")
    recorder.wait_for(lambda: anchored(2)(read_journal(folder.journal)[0]), "the source again")
    assert run("stop", str(folder.path)).returncode == 0
    assert recorder.end() == 0, recorder.said
    assert session_paths(tmp_path / "sessions") == [folder.path]
    facts, _ = read_journal(folder.journal)
    assert new_ids(facts) == [("Amp", first.source_id, second.source_id)]
    assert [fact.data["key"] for fact in of_kind(facts, "stream")] == [1, 1]
    opened, shut = of_kind(facts, "gap")
    assert (shut.supersedes, shut.data["cause"]) == (opened.seq, "recorder was cut off")
    streams, _ = pyxdf.load_xdf(folder.recording, verbose=False)
    assert len(streams) == 1


@pytest.mark.soak
def test_a_recorder_that_is_started_again_takes_none_of_two(send, watch):
    first = send()
    killed = watch("--stream", "Amp")
    killed.facts_until(anchored(1), "first sample")
    folder = killed.folder
    killed.kill()
    kill(first)
    second = send()
    send()
    recorder = watch("--resume")
    recorder.wait_for(lambda: "2 similar streams with new source ids found" in recorder.said, "the reason")
    recorder.process.terminate()
    assert recorder.end() == 0
    recorder = watch("--resume", "--stream", f"source_id={second.source_id}")
    recorder.wait_for(lambda: anchored(2)(read_journal(folder.journal)[0]), "the one that was named")
    assert run("stop", str(folder.path)).returncode == 0
    assert recorder.end() == 0, recorder.said
    assert new_ids(read_journal(folder.journal)[0]) == [("Amp", first.source_id, second.source_id)]
