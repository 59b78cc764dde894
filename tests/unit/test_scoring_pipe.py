"""The scoring of a file through a pipe: all that was sent arrives, and a cut is noticed."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from support.waiting import wait_for

from monitor.dashboard.viewmodel.file_review import FileReview
from monitor.files import read_recording
from monitor.model.facts import Fact
from monitor.session.scoring_pipe import ReaderGoneError, ScoringFollower, ScoringSender
from monitor.session.xdf import XdfWriter

FIRST = [Fact("session", 0.0, "score", {"legs": ["left"], "config": {}, "config_sha256": "0" * 64,
                                        "main_profile": "aasm3", "measure": "m"}, seq=0)]  # fmt: skip
ALL = [*FIRST, Fact("arousal", 1 / 3, "annotations", {"duration_s": 0.1}, seq=1),
       Fact("stop", 43_200.1, "score", {"reason": "end of the file, “Ende”"}, seq=2)]  # fmt: skip


class Pipe:
    def __init__(self) -> None:
        self.fd, written = os.pipe()
        self.file = os.fdopen(written, "wb")
        self.sender, self.follower = ScoringSender(self.file), ScoringFollower(self.fd)
        self.follower.start()

    def facts(self) -> tuple[list[Fact], bool]:
        found: tuple[list[Fact], bool] = wait_for(self.read, "facts")
        return found

    def read(self) -> tuple[list[Fact], bool] | None:
        found = self.follower.read_new()
        return found if found[0] else None


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    made = Pipe()
    yield made
    made.file.close()
    wait_for(lambda: "scoring-pipe" not in {each.name for each in threading.enumerate()}, "end of the pipe")
    os.close(made.fd)


def test_first_facts_then_progress_then_all_facts_as_sent(pipe: Pipe) -> None:
    pipe.sender.begin(FIRST, 43_200.1)
    assert pipe.facts() == (FIRST, False)
    assert pipe.follower.length_s == 43_200.1

    def share_after_progress() -> float:
        # The thread that sent the first facts may not have ended yet: until then no progress is sent.
        pipe.sender.progress(0.426)
        return pipe.follower.share

    assert wait_for(share_after_progress, "progress") == 0.42
    pipe.sender.progress(1.0)
    pipe.sender.end(ALL)
    # They replace the first ones.
    assert pipe.facts() == (ALL, True)
    assert pipe.follower.read_new() == ([], False)
    pipe.file.close()
    assert pipe.follower.failure == ""


def test_the_window_opens_an_xdf_file_by_the_index_that_the_scoring_made(
    pipe: Pipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # More than a pipe holds.
    path, n = tmp_path / "night.xdf", 40_000
    head = "<info><name>{}</name><type>{}</type><channel_count>{}</channel_count><channel_format>{}"
    head += "</channel_format><nominal_srate>{}</nominal_srate></info>"
    writer = XdfWriter(path)
    writer.add_stream(1, head.format("Legs", "EMG", 2, "float32", 500), "float32", 2)
    writer.add_stream(2, head.format("Hypnogram", "Markers", 1, "string", 0), "string", 1)
    samples = np.random.default_rng(3).normal(0.0, 3.0, (n, 2)).astype(np.float32)
    for at in range(0, n, 250):
        writer.samples(1, samples[at : at + 250], 5000.0 + (at + np.arange(250)) / 500)
    writer.texts(2, [["N2"]], np.array([5030.0]))
    writer.close()
    made = read_recording(path)
    review = FileReview(path, pipe.follower)
    assert review.recording() is None
    pipe.sender.begin(FIRST, n / 500, made.index)
    assert pipe.facts() == (FIRST, False)
    monkeypatch.delattr("monitor.files.xdf_reader.index_xdf")
    opened = review.recording()
    assert opened is not None
    assert (opened.annotations, opened.notes, opened.origin_s) == (made.annotations, (), 5000.0)
    assert [each.text for each in opened.annotations] == ["N2"]
    assert repr(opened) == repr(made)
    assert np.array_equal(opened.streams[0].stamps_s, made.streams[0].stamps_s)
    assert np.array_equal(opened.streams[0].read(None, 20_100, 20_900), samples[20_100:20_900])


def test_an_index_that_was_cut_off_is_not_used(pipe: Pipe, tmp_path: Path) -> None:
    pipe.file.write(b'{"index": [1000]}\n' + bytes(900))
    pipe.file.close()
    assert "before it was complete" in wait_for(lambda: pipe.follower.failure, "cut")
    assert FileReview(tmp_path / "night.xdf", pipe.follower).recording() is None


def test_why_a_file_was_not_scored_arrives(pipe: Pipe) -> None:
    pipe.sender.begin(FIRST, 60.0)
    pipe.sender.end([], "night.edf: stages cannot be placed")
    assert wait_for(lambda: pipe.follower.failure, "problem") == "night.edf: stages cannot be placed"
    assert pipe.facts() == (FIRST, False)


def test_a_scoring_that_was_killed_is_not_taken_for_a_complete_one(pipe: Pipe) -> None:
    pipe.sender.begin(FIRST, 60.0)
    assert pipe.facts() == (FIRST, False)
    pipe.file.close()
    assert "before it was complete" in wait_for(lambda: pipe.follower.failure, "cut")


def test_half_of_the_facts_are_not_shown(pipe: Pipe) -> None:
    pipe.sender.begin(FIRST, 60.0)
    assert pipe.facts()[0] == FIRST
    pipe.file.write(b'{"facts": 2}\n{"v":1,"seq":0,')
    pipe.file.close()
    assert wait_for(lambda: pipe.follower.failure, "cut")
    assert pipe.follower.read_new() == ([], False)


def test_the_sender_notices_that_the_window_was_closed() -> None:
    read, write = os.pipe()
    os.close(read)
    file = os.fdopen(write, "wb", buffering=0)
    with pytest.raises(ReaderGoneError):
        ScoringSender(file).progress(0.5)
    file.close()
