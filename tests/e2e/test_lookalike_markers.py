"""A recorder sends each look-alike as a marker, and withdraws it when a person counts it."""

import pytest
from support.lookalikes import tremor
from support.recorder_runs import Run

from monitor.recorder.resumed import Resumed
from monitor.session.folder import SessionFolder
from monitor.session.recovery import reopen
from monitor.session.resume import reanchor


def watched(run):
    sent = []
    run.night.outlets.lookalikes = sent.extend
    return sent


def feed_with(run, stamp_s, movements):
    """Feed a second in which the detector finds movements that have ended."""
    stream, found = run.night.sources[run.keys[0]].detection.stream, list(movements)
    take = stream.take

    def take_and_find(*piece):
        facts = [*take(*piece), *found]
        found.clear()
        return facts

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stream, "take", take_and_find)
        run.feed(1.0, stamp_s)
    assert not found


def test_markers_of_lookalikes_as_the_recorder_sends_them(tmp_path) -> None:
    run = Run(SessionFolder.create(tmp_path, "bench"), 100.0)
    sent = watched(run)
    run.feed(60.0, 100.0)
    feed_with(run, 160.0, [tremor(f"L{k}", 20.0 + 10 * k) for k in range(3)])
    assert sent == [("lookalike_left/tremor", 20.0 + 10 * k) for k in range(3)]
    assert "seq" in run.night.answer({"do": "accept", "movement": "L1", "author": "AB"})
    assert "restored already" in run.night.answer({"do": "accept", "movement": "L1"})["error"]
    run.tick()
    assert sent[3:] == [("lookalike_left/withdrawn", 30.0)]
    facts = run.end()
    (accepted,) = [fact for fact in facts if fact.kind == "accept"]
    assert (accepted.supersedes, accepted.data["movements"]) == (None, ["L1"])
    assert accepted.data["author"] == "AB"


def test_a_resumed_recorder_does_not_send_them_again(tmp_path) -> None:
    folder = SessionFolder.create(tmp_path, "bench")
    first = Run(folder, 100.0)
    first.feed(60.0, 100.0)
    feed_with(first, 160.0, [tremor("L0", 20.0)])
    first.cut()
    found = reopen(folder)
    second = Run(folder, 200.0, Resumed(found, reanchor(found.state, 200.0, found.end_s, 1.0)))
    sent = watched(second)
    second.feed(10.0, 200.0)
    feed_with(second, 210.0, [tremor("L900", 102.0)])
    assert sent == [("lookalike_left/tremor", 102.0)]
    second.end()
