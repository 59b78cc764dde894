"""Headers of strangers over real LSL: huge, of thousands of channels, no XML. They cost at most a warning."""

import json
import threading

import numpy as np
import pytest
import pyxdf
from support.watching import Watch, of_kind, run

from monitor.lsl.library import lsl
from monitor.session.journal import read_journal


def info(name, n_channels=2, labels=("LAT", "RAT")):
    made = lsl().StreamInfo(name, "EMG", n_channels, 500.0, "float32", f"id-{name}")
    channels = made.desc().append_child("channels")
    for label in labels:
        node = channels.append_child("channel")
        node.append_child_value("label", label)
        node.append_child_value("unit", "uV")
    return made


def huge():
    made = info("Huge")
    made.desc().append_child_value("note", "x" * 12_000_000)
    return made


def many_channels():
    return info("Many", 4000, [f"C{i}" for i in range(4000)])


def no_xml():
    made = info("Odd")
    desc = made.desc()
    desc.append_child("two words<b>&").append_child_value("1<", "&nothing; ]]> \x01\x02")
    desc.append_child_value("speed", "1e309")
    desc.append_child_value("simulated", "<!DOCTYPE a [<!ENTITY b 'c'>]>")
    return made


def deep():
    made = info("Deep")
    node = made.desc()
    for _ in range(5000):
        node = node.append_child("a")
    return made


@pytest.fixture
def pushed():
    """Put a stream on the network and push samples into it beside the test, as many as are due."""
    stop, threads = threading.Event(), []

    def begin(made):
        outlet, n_channels = lsl().StreamOutlet(made), made.channel_count()

        def push():
            begun_s, sent_n = lsl().local_clock(), 0
            while not stop.wait(0.02):
                due_n = int((lsl().local_clock() - begun_s) * 500)
                if due_n > sent_n:
                    rows = np.full((due_n - sent_n, n_channels), sent_n, np.float32)
                    outlet.push_chunk(rows, begun_s + due_n / 500)
                    sent_n = due_n

        threads.append(threading.Thread(target=push))
        threads[0].start()

    yield begin
    stop.set()
    for thread in threads:
        thread.join()


def test_beside_a_recording_they_are_listed_and_cost_nothing(pushed, tmp_path):
    pushed(info("Good"))
    strangers = [lsl().StreamOutlet(make()) for make in (huge, many_channels, no_xml, deep)]
    watch = Watch(tmp_path / "sessions", "--stream", "Good", "--bed", "calm")
    try:
        watch.facts_until(lambda facts: of_kind(facts, "anchor"), "first sample")
        done = run("streams", "--json", "--wait", "4")
        assert done.returncode == 0, done.stderr
        assert "Traceback" not in done.stderr
        names = {row["name"] for row in json.loads(done.stdout)}
        assert "Good" in names
        assert run("stop", str(watch.folder.path)).returncode == 0
        assert watch.end() == 0, watch.said
    finally:
        watch.kill()
    del strangers
    facts, _ = read_journal(watch.folder.journal)
    assert of_kind(facts, "warning") == of_kind(facts, "lost") == []
    assert [gap for gap in of_kind(facts, "gap") if gap.data["resets"]] == []


LONG = pytest.mark.soak
ARGUMENTS = ("--bed", "hostile", "--wait", "30", "--left", "#1", "--right", "#2", "--unit", "uV")


@pytest.mark.parametrize(
    ("make", "is_told"),
    [(huge, True), pytest.param(no_xml, False, marks=LONG), pytest.param(deep, True, marks=LONG)],
)
def test_who_records_one_gets_a_readable_recording(pushed, tmp_path, make, is_told):
    hostile = make()
    pushed(hostile)
    watch = Watch(tmp_path / "sessions", "--stream", hostile.name(), *ARGUMENTS)
    try:
        watch.facts_until(lambda facts: of_kind(facts, "anchor"), "first sample")
        assert run("stop", str(watch.folder.path)).returncode == 0
        assert watch.end() == 0, watch.said
    finally:
        watch.kill()
    facts, _ = read_journal(watch.folder.journal)
    assert ["header" in fact.data["reason"] for fact in of_kind(facts, "warning")] == [True] * is_told
    (stream,), _ = pyxdf.load_xdf(watch.folder.recording, verbose=False)
    assert stream["info"]["name"] == [hostile.name()]
    assert len(stream["time_stamps"]) > 0
    channels = stream["info"]["desc"][0]["channels"][0]["channel"]
    assert [channel["label"][0] for channel in channels] == ["LAT", "RAT"]


def test_one_of_thousands_of_channels_is_refused(pushed, tmp_path):
    hostile = many_channels()
    pushed(hostile)
    done = run("watch", "--headless", "--sessions", str(tmp_path), "--stream", hostile.name(), *ARGUMENTS)
    assert done.returncode == 2
    assert "more than 1024 channels" in done.stderr
