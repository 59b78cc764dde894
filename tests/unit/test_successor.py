"""Which stream with another source id is the source: the one that is like it and alone, no other bed's."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from monitor.lsl.search import changed
from monitor.lsl.successor import Successor, same_source
from monitor.model.facts import Fact
from monitor.montage import Channel, StreamDescription
from monitor.session.folder import SessionFolder
from monitor.session.journal import Journal
from monitor.session.resume import is_recorded_by_another

CHANNELS = (Channel("LAT", "uV", "EMG"), Channel("RAT", "uV", "EMG"))
SOURCE = StreamDescription("Amp", "EMG", "id-1", 500.0, "float32", CHANNELS, "run-1", "lab-pc")
NEXT = replace(SOURCE, source_id="id-2", uid="run-2")
SETTLED_S = 3.5


def successor(taken=()):
    return Successor(SOURCE, lambda now: changed(SOURCE, now), lambda stream: stream.uid in taken)


def found(*streams):
    return [(stream.uid, stream) for stream in streams]


def info(stream):
    return SimpleNamespace(
        name=lambda: stream.name,
        type=lambda: stream.type,
        hostname=lambda: stream.hostname,
        source_id=lambda: stream.source_id,
        uid=lambda: stream.uid,
    )


def after_a_while(one, *streams):
    """Look twice, with time to settle between; return what is taken."""
    assert one.find(found(*streams), 0.0) is None
    return one.find(found(*streams), SETTLED_S)


def test_one_that_is_alone_is_taken_once_it_has_stayed():
    one = successor()
    assert one.find(found(NEXT), 0.0) is None
    assert one.find(found(NEXT), 2.5) is None
    assert one.find(found(NEXT), SETTLED_S) == ("run-2", NEXT)
    assert one.why_not == ""


@pytest.mark.parametrize(
    ("other", "why"),
    [
        (replace(NEXT, name="Other"), ""),
        (replace(NEXT, type="EEG"), ""),
        (replace(NEXT, hostname="bed-2-pc"), ""),
        (replace(NEXT, simulated=True), "it is simulated"),
        (replace(NEXT, rate_hz=250.0), "rate_hz changed"),
        (replace(NEXT, channel_format="int16"), "channel_format changed"),
        (replace(NEXT, channels=CHANNELS[:1]), "it has 1 channel instead of 2"),
        (replace(NEXT, channels=(CHANNELS[1], CHANNELS[0])), "its channels changed"),
    ],
)
def test_one_that_differs_is_not_taken(other, why):
    one = successor()
    assert after_a_while(one, other) is None
    assert why in one.why_not
    assert (one.suggested_uid == "run-2") == bool(why)
    # Beside it the right one is taken all the same.
    right = replace(NEXT, uid="run-3", source_id="id-3")
    assert one.find(found(other, right), 10.0) is None
    assert one.find(found(other, right), 10.0 + SETTLED_S) == ("run-3", right)


def test_none_is_taken_while_the_old_id_is_there():
    assert after_a_while(successor(), NEXT, SOURCE) is None


def test_a_run_that_ended_a_moment_ago_is_no_rival():
    one = successor()
    assert one.find(found(NEXT), 0.0) is None
    again = replace(NEXT, uid="run-3", source_id="id-3")
    assert one.find(found(NEXT, again), 1.0) is None
    assert one.find(found(again), 3.0) is None
    assert one.find(found(again), 3.0 + SETTLED_S) == ("run-3", again)


def test_two_that_were_there_together_are_left_to_a_person():
    one = successor()
    third = replace(NEXT, uid="run-3", source_id="id-3")
    assert after_a_while(one, NEXT, third) is None
    assert "2 similar streams with new source ids found (run-2, run-3)" in one.why_not
    assert one.suggested_uid == "X"
    for now_s in (10.0, 20.0):
        assert one.find(found(NEXT), now_s) is None
    assert "it may belong to another bed" in one.why_not
    assert one.suggested_uid == "run-2"


def test_one_that_was_there_beside_the_source_makes_a_person_decide():
    one = successor()
    other = replace(SOURCE, source_id="id-9", uid="run-9")
    seen = [info(SOURCE), info(other)]
    assert one.note_rivals(seen, 100.0, 100.0) is None
    assert one.note_rivals(seen, 109.0, 109.0) is None
    assert one.note_rivals(seen, 111.0, 111.0) == "id-9"
    assert one.note_rivals(seen, 112.0, 112.0) is None
    assert after_a_while(one, NEXT) is None
    assert "it may belong to another bed" in one.why_not


def test_the_next_run_of_a_source_that_hangs_is_no_rival():
    one = successor()
    for now_s in range(100, 200):
        assert one.note_rivals([info(SOURCE), info(NEXT)], 99.0, float(now_s)) is None
    assert after_a_while(one, NEXT) == ("run-2", NEXT)


def test_another_beds_stream_is_not_taken():
    one = successor(taken={"run-2"})
    assert after_a_while(one, NEXT) is None
    assert "it may belong to another bed" in one.why_not


def test_while_it_is_unknown_whether_another_session_records_it_nothing_is_taken():
    known = []
    one = Successor(SOURCE, lambda now: changed(SOURCE, now), lambda _: False if known else None)
    assert after_a_while(one, NEXT) is None
    assert (one.why_not, one.has_rival) == ("", False)
    known.append(True)
    assert one.find(found(NEXT), SETTLED_S + 0.1) == ("run-2", NEXT)


def test_what_another_session_records_is_read_from_its_journal(tmp_path):
    own, other, ended = (SessionFolder.create(tmp_path, bed) for bed in ("bed-1", "bed-2", "bed-3"))
    for folder, uid in ((own, "run-1"), (other, "run-2"), (ended, "run-3")):
        journal = Journal(folder.journal)
        about = {"key": 1, "name": "Amp", "type": "EMG", "source_id": "", "uid": uid, "rate_hz": 250.0}
        facts = [Fact("stream", 0.0, "recorder", {**about, "channels": [], "legs": []})]
        journal.append([*facts, Fact("lost", 1.0, "recorder", {"name": "Amp", "reason": "saw run-4"})])
        journal.close()
        if folder is not ended:
            (folder.path / ".lock").touch()
    taken = {uid: is_recorded_by_another(own, uid) for uid in ("run-1", "run-2", "run-3", "run-4")}
    assert taken == {"run-1": False, "run-2": True, "run-3": False, "run-4": False}


def test_a_source_is_looked_for_by_its_id_or_by_its_name_on_its_computer():
    assert same_source(SOURCE).value == (
        "source_id='id-1' or (name='Amp' and type='EMG' and hostname='lab-pc')"
    )
    assert same_source(replace(SOURCE, source_id="")).value == (
        "name='Amp' and type='EMG' and hostname='lab-pc'"
    )
