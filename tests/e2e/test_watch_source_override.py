"""A person says which source is the right one, and the recording goes on in the same session."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import pyxdf
from support.watching import Watch, of_kind, run, session_paths

from monitor.session.control import ControlClient
from monitor.session.journal import read_journal

SENDER = Path(__file__).parents[1] / "support" / "sender.py"
FORM = {"source_id": "amp-7", "rate_hz": 500, "labels": ["LAT", "RAT"]}


@pytest.fixture
def start(tmp_path):
    """Start a sender of some form, or the recorder; ended after the test."""
    running = []

    def begin(form=None, **changes):
        if form is None:
            running.append(Watch(tmp_path / "sessions", "--stream", "source_id=amp-7", "--bed", "asking"))
            return running[-1]
        running.append(subprocess.Popen([sys.executable, str(SENDER), json.dumps(form | changes)]))
        return running[-1]

    yield begin
    for each in running:
        each.kill()
        each.wait(30) if isinstance(each, subprocess.Popen) else None


def anchored(n):
    return lambda facts: len(of_kind(facts, "anchor")) == n


def refused(why):
    return lambda facts: any(why in fact.data["reason"] for fact in of_kind(facts, "lost"))


def accept(watch, *arguments):
    return run("accept", str(watch.folder.path), *arguments)


def end(watch):
    assert run("stop", str(watch.folder.path)).returncode == 0
    assert watch.end() == 0, watch.said
    assert session_paths(watch.sessions) == [watch.folder.path]
    facts, _ = read_journal(watch.folder.journal)
    assert [f for f in of_kind(facts, "warning") if "Error" in f.data["reason"]] == []
    return facts


def test_a_source_with_renamed_channels_goes_on_when_its_legs_are_named(start):
    first = start(FORM)
    watch = start()
    watch.facts_until(anchored(1), "first sample")
    assert "not waiting for a source" in accept(watch, "--left", "A", "--right", "B").stderr
    first.kill()
    start(FORM, labels=["X", "A", "B"])
    facts = watch.facts_until(refused("none of its channels is now labelled 'LAT'"), "the reason")
    assert "plms-monitor accept SESSION --left CH --right CH" in of_kind(facts, "lost")[-1].data["reason"]
    watch.wait_for(lambda: "WAITING: it is back, but it has 3 channels" in watch.said, "the status line")
    assert f"plms-monitor accept {watch.folder.path} --left CH --right CH" in watch.said
    done = accept(watch, "--left", "A", "--right", "C")
    assert done.returncode == 2
    assert "channel 'C' for the right leg was not found" in done.stderr
    done = accept(watch, "--left", "A", "--right", "#3", "--author", "N. Nurse")
    assert (done.returncode, done.stdout) == (0, "Source accepted; recording continues.\n"), done.stderr
    watch.facts_until(anchored(2), "the source again")
    facts = end(watch)
    (said,) = of_kind(facts, "source_accepted")
    assert (said.data["left"], said.data["right"], said.data["author"]) == ("A", "#3", "N. Nurse")
    assert said.source == "person"
    assert said.data["told_utc"]
    legs = {leg["leg"]: leg["channel"] for leg in of_kind(facts, "stream")[-1].data["legs"]}
    assert legs == {"left": 1, "right": 2}
    opened, shut = of_kind(facts, "gap")
    assert (shut.supersedes, shut.data["cause"]) == (opened.seq, "stream lost")
    streams, _ = pyxdf.load_xdf(watch.folder.recording, verbose=False)
    assert sorted(stream["time_series"].shape[1] for stream in streams) == [2, 3]


def test_of_two_with_one_id_the_one_that_is_named_is_taken(start):
    first = start(FORM)
    watch = start()
    watch.facts_until(anchored(1), "first sample")
    start(FORM)
    watch.facts_until(lambda facts: of_kind(facts, "warning"), "word of the second")
    first.kill()
    facts = watch.facts_until(refused("was present at the same time"), "word of the refusal")
    (uid,) = re.findall("accept SESSION --stream (uid=[-0-9a-f]+)", of_kind(facts, "lost")[-1].data["reason"])
    done = accept(watch, "--stream", uid)
    assert (done.returncode, done.stdout) == (0, "Source accepted; recording continues.\n"), done.stderr
    watch.facts_until(anchored(2), "the second one")
    facts = end(watch)
    assert of_kind(facts, "stream")[-1].data["uid"] == uid.removeprefix("uid=")
    assert of_kind(facts, "source_accepted")[0].data["stream"] == uid


@pytest.mark.soak
def test_another_amplifier_can_stand_in_with_its_own_names(start):
    first = start(FORM)
    watch = start()
    watch.facts_until(anchored(1), "first sample")
    first.kill()
    watch.facts_until(lambda facts: of_kind(facts, "lost"), "word of the loss")
    spare = start(FORM, source_id="spare", name="Spare", labels=["1", "2"], rate_hz=250)
    done = accept(watch, "--stream", "Spare", "--left", "1", "--right", "2")
    assert (done.returncode, done.stdout) == (0, "Source accepted; recording continues.\n"), done.stderr
    watch.facts_until(anchored(2), "the spare one")
    # It is the source now: away and back it is taken without being asked for.
    spare.kill()
    watch.facts_until(lambda facts: len(of_kind(facts, "lost")) >= 2, "word of the second loss")
    start(FORM, source_id="spare", name="Spare", labels=["1", "2"], rate_hz=250)
    watch.facts_until(anchored(3), "the spare one again")
    facts = end(watch)
    assert [fact.data["name"] for fact in of_kind(facts, "stream")] == ["Amp", "Spare", "Spare"]
    assert len(of_kind(facts, "source_accepted")) == 1


def test_who_names_a_stream_that_never_comes_loses_nothing(start):
    first = start(FORM)
    watch = start()
    watch.facts_until(anchored(1), "first sample")
    first.kill()
    watch.facts_until(lambda facts: of_kind(facts, "lost"), "word of the loss")
    client = ControlClient(watch.folder)
    client.ask({"do": "accept_source", "stream": "Nowhere", "left": "1", "right": "2"})
    client.close()
    start(FORM)
    watch.facts_until(anchored(2), "the source itself")
    before, after = of_kind(end(watch), "stream")
    assert before.data["legs"] == after.data["legs"]
    assert before.data["key"] == after.data["key"]


@pytest.mark.soak
def test_the_legs_of_a_spare_one_can_be_named_also_where_its_labels_are_the_same(start):
    first = start(FORM)
    watch = start()
    watch.facts_until(anchored(1), "first sample")
    first.kill()
    watch.facts_until(lambda facts: of_kind(facts, "lost"), "word of the loss")
    start(FORM, source_id="spare", name="Spare")
    done = accept(watch, "--stream", "Spare", "--left", "RAT", "--right", "LAT")
    assert (done.returncode, done.stdout) == (0, "Source accepted; recording continues.\n"), done.stderr
    watch.facts_until(anchored(2), "the spare one")
    legs = [
        {leg["leg"]: leg["channel"] for leg in stream.data["legs"]}
        for stream in of_kind(end(watch), "stream")
    ]
    assert legs == [{"left": 0, "right": 1}, {"left": 1, "right": 0}]
