"""An EEG from an amplifier of its own beside the legs: shown live, and read back from the recording."""

import json
from pathlib import Path

import numpy as np
import pytest
from support.sessions import read_back
from support.watching import Command, Watch, run

from monitor.dashboard.signal.scrollback import Scrollback
from monitor.dashboard.viewmodel.lanes import lanes_view
from monitor.session.journal import read_journal
from monitor.session.signal.chunk_index import ChunkIndex
from monitor.session.signal.live_ring import LiveRing
from monitor.session.signal.recorded import SignalIndex

SENDER = Path(__file__).parents[1] / "support" / "sender.py"
LEGS_HZ, EEG_HZ = 200.0, 500.0
CONFIG = """
[legs]
left = "LAT"
right = "RAT"
[lanes]
show = ["eeg"]
"""


class Amplifier(Command):
    """A sender in a process of its own; a sample's value is its number."""

    def __init__(self, log, **form):
        self.program = (str(SENDER),)
        super().__init__(log, json.dumps(form))


@pytest.fixture
def amplifiers(tmp_path):
    legs = {"name": "Legs", "labels": ["LAT", "RAT"], "rate_hz": LEGS_HZ, "source_id": "legs-1"}
    eeg = {"name": "Brain", "labels": ["C4-M1", "Trigger"], "rate_hz": EEG_HZ, "source_id": "eeg-1"}
    made = [Amplifier(tmp_path / f"{form['name']}.log", **form) for form in (legs, eeg)]
    yield
    for each in made:
        each.kill()


def test_an_eeg_of_another_stream_is_shown_live_and_read_back_from_the_recording(tmp_path, amplifiers):
    (tmp_path / "config.toml").write_text(CONFIG)
    watch = Watch(
        tmp_path / "sessions", "--config", str(tmp_path / "config.toml"), "--bed", "lanes",
        "--stream", "Legs", "--stream", "Brain",
    )  # fmt: skip
    try:
        folder = watch.folder
        (path,) = watch.wait_for(lambda: list(folder.path.glob("live-*-lanes.ring")), "the ring of the EEG")
        ring = LiveRing.open(path)
        assert (ring.lanes, ring.kinds, ring.rate_hz) == (("eeg Brain/C4-M1",), ("eeg",), EEG_HZ)
        watch.wait_for(lambda: ring.n > 5 * EEG_HZ, "five seconds of EEG")
        live = ring.read_since(0)[1]
        assert run("stop", str(folder.path)).returncode == 0
        assert watch.end() == 0, watch.said
    finally:
        watch.kill()
    assert not path.exists()
    facts, _ = read_journal(folder.journal)
    streams = [fact for fact in facts if fact.kind == "stream"]
    lanes = lanes_view(streams, ("left", "right"), ())
    assert [(lane.name, lane.unit) for lane in lanes] == [
        ("left", ""),
        ("right", ""),
        ("eeg Brain/C4-M1", "µV"),
    ]
    assert not [fact for fact in facts if fact.kind in ("gap", "warning")]
    # In the recording every sample of both streams, and those of the ring at the same times.
    anchors = [fact for fact in facts if fact.kind == "anchor"]
    about = {fact.data["name"]: fact.data for fact in streams}
    chunks = ChunkIndex(folder.recording)
    chunks.update()
    scrollback = Scrollback(SignalIndex(chunks, about["Brain"]), about["Brain"])
    while not scrollback.place(anchors, 1e6):
        pass
    page = scrollback.read(-1e6, 1e6)[1]
    assert page[:, 1].tolist() == list(range(int(page[0, 1]), int(page[0, 1]) + len(page)))
    at = np.searchsorted(page[:, 1], live[:, 1])
    assert live[:, 1].tolist() == page[at, 1].tolist()
    assert np.abs(live[:, 0] - page[at, 0]).max() < 0.02
    legs = read_back(folder.recording, about["Legs"], anchors)
    assert np.diff(legs[:, 1]).tolist() == [1.0] * (len(legs) - 1)
