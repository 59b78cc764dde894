"""The scoring of a file through a pipe: all that was sent arrives, and a cut is noticed."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator

import pytest
from support.waiting import wait_for

from monitor.model.facts import Fact
from monitor.session.scoring_pipe import ReaderGoneError, ScoringFollower, ScoringSender

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
    pipe.sender.progress(0.426)
    assert wait_for(lambda: pipe.follower.share, "progress") == 0.42
    pipe.sender.progress(1.0)
    pipe.sender.end(ALL)
    # They replace the first ones.
    assert pipe.facts() == (ALL, True)
    assert pipe.follower.read_new() == ([], False)
    pipe.file.close()
    assert pipe.follower.failure == ""


def test_why_a_file_was_not_scored_arrives(pipe: Pipe) -> None:
    pipe.sender.begin(FIRST, 60.0)
    pipe.sender.end([], "night.edf: stages cannot be placed")
    assert wait_for(lambda: pipe.follower.failure, "problem") == "night.edf: stages cannot be placed"
    assert pipe.facts() == (FIRST, False)


def test_a_scoring_that_was_killed_is_not_taken_for_a_complete_one(pipe: Pipe) -> None:
    pipe.sender.begin(FIRST, 60.0)
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
