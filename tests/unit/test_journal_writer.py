"""The journal's thread: what the disk does not take waits, in order, and is given back only from disk."""

import errno
import os
import threading

import pytest
from support.waiting import wait_for

from monitor.model.facts import Fact
from monitor.session.durability_mark import durable_bytes
from monitor.session.journal import read_journal
from monitor.session.journal_follower import JournalFollower
from monitor.session.journal_writer import JournalWriter


class Disk:
    """`os.fsync` and `os.write` in our hands."""

    def __init__(self, monkeypatch):
        self.free = threading.Event()
        self.free.set()
        self.error: int | None = None
        self._sync, self._write = os.fsync, os.write
        monkeypatch.setattr(os, "fsync", self.fsync)
        monkeypatch.setattr(os, "write", self.write)

    def fsync(self, fd):
        assert self.free.wait(30)
        self._fail()
        self._sync(fd)

    def write(self, fd, data):
        if self.error == errno.ENOSPC:
            # As a full disk does: a part of it fits.
            self._write(fd, bytes(data)[:7])
        self._fail()
        return self._write(fd, data)

    def _fail(self):
        if self.error is not None:
            raise OSError(self.error, os.strerror(self.error))


@pytest.fixture
def disk(monkeypatch):
    return Disk(monkeypatch)


@pytest.fixture
def writer(tmp_path):
    made = JournalWriter(tmp_path / "journal.jsonl")
    yield made
    made.close(30)


def notes(*texts):
    return [Fact("note", 0.0, "person", {"text": text}) for text in texts]


def texts(facts):
    return [fact.data["text"] for fact in facts]


def test_on_a_good_disk_what_is_put_is_there_at_once(writer, tmp_path):
    (put,) = writer.put(notes("a"))
    writer.settle()
    assert put.seq == 0
    assert writer.take() == [put]
    assert read_journal(tmp_path / "journal.jsonl")[0] == [put]


def test_a_stall_holds_nobody_up_and_shows_nothing_before_its_time(disk, tmp_path):
    writer = JournalWriter(tmp_path / "journal.jsonl", settle_s=0.05, late_s=0.1)
    disk.free.clear()
    for text in "abc":
        writer.put(notes(text))
        writer.settle()
    assert writer.take() == []
    assert writer.n_waiting == 3
    wait_for(lambda: "has not taken the journal" in writer.trouble, "word of the stall")
    disk.free.set()
    wait_for(lambda: writer.n_waiting == 0, "facts on disk")
    assert texts(writer.take()) == ["a", "b", "c"]
    assert writer.trouble == ""
    writer.close(30)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EIO])
def test_a_disk_that_refuses_loses_nothing(writer, disk, tmp_path, number):
    writer.put(notes("a"))
    writer.settle()
    disk.error = number
    writer.put(notes("b"))
    writer.settle()
    writer.put(notes("c"))
    writer.settle()
    assert os.strerror(number) in writer.trouble
    assert texts(writer.take()) == ["a"]
    disk.error = None
    writer.settle()
    assert texts(writer.take()) == ["b", "c"]
    assert writer.trouble == ""
    facts, tail = read_journal(tmp_path / "journal.jsonl")
    assert (texts(facts), tail.torn_bytes) == (["a", "b", "c"], 0)


def test_a_torn_line_that_cannot_be_taken_back_at_once_is_taken_back_before_the_next(
    writer, disk, tmp_path, monkeypatch
):
    truncate, refused = os.ftruncate, []

    def read_only(fd, length):
        if disk.error is not None:
            refused.append(length)
            raise OSError(errno.EROFS, "Read-only file system")
        truncate(fd, length)

    monkeypatch.setattr(os, "ftruncate", read_only)
    disk.error = errno.ENOSPC
    writer.put(notes("a"))
    writer.settle()
    assert refused
    disk.error = None
    writer.settle()
    facts, tail = read_journal(tmp_path / "journal.jsonl")
    assert (texts(facts), tail.torn_bytes) == (["a"], 0)


def test_what_is_left_at_the_end_is_written_as_soon_as_there_is_room(disk, tmp_path):
    writer = JournalWriter(tmp_path / "journal.jsonl")
    disk.error = errno.ENOSPC
    writer.put(notes("a"))
    writer.settle()
    ender = threading.Thread(target=writer.close, args=(30,))
    ender.start()
    disk.error = None
    ender.join(30)
    assert not ender.is_alive()
    assert texts(writer.take()) == ["a"]


def test_a_disk_that_never_answers_does_not_keep_the_program(disk, tmp_path):
    writer = JournalWriter(tmp_path / "journal.jsonl", settle_s=0.05)
    disk.free.clear()
    writer.put(notes("a"))
    writer.close(0.05)
    assert writer.take() == []
    disk.free.set()


def test_what_cannot_be_written_as_json_is_refused_and_leaves_no_hole(writer, tmp_path):
    with pytest.raises(ValueError, match="JSON"):
        writer.put([*notes("a"), Fact("note", float("nan"), "person", {})])
    writer.put(notes("b"))
    writer.settle()
    assert texts(read_journal(tmp_path / "journal.jsonl")[0]) == ["b"]


def test_what_is_written_and_not_yet_synced_is_not_read_by_who_asks_for_what_is_safe(disk, tmp_path):
    path = tmp_path / "journal.jsonl"
    writer, tail = JournalWriter(path), JournalFollower(path)
    writer.put(notes("safe"))
    writer.settle()
    assert texts(tail.read_new(durable_bytes(path))[0]) == ["safe"]
    disk.free.clear()
    writer.put(notes("stalled"))
    wait_for(lambda: b"stalled" in path.read_bytes(), "write")
    assert tail.read_new(durable_bytes(path)) == ([], False)
    # Who asks for everything, because nobody writes any more, gets it.
    assert texts(JournalFollower(path).read_new()[0]) == ["safe", "stalled"]
    disk.free.set()
    wait_for(lambda: durable_bytes(path) == path.stat().st_size, "sync")
    assert texts(tail.read_new(durable_bytes(path))[0]) == ["stalled"]
    writer.close(30)
    assert durable_bytes(path) is None
    assert sorted(p.name for p in tmp_path.iterdir()) == ["journal.jsonl"]


def test_what_a_failed_write_took_back_was_never_safe(disk, tmp_path):
    path = tmp_path / "journal.jsonl"
    writer, tail = JournalWriter(path), JournalFollower(path)
    writer.put(notes("one"))
    writer.settle()
    disk.error = errno.EIO
    writer.put(notes("two"))
    writer.settle()
    assert texts(tail.read_new(durable_bytes(path))[0]) == ["one"]
    disk.error = None
    wait_for(lambda: writer.n_waiting == 0, "facts on disk")
    wait_for(lambda: durable_bytes(path) == path.stat().st_size, "sync")
    assert texts(tail.read_new(durable_bytes(path))[0]) == ["two"]
    writer.close(30)


def test_a_journal_that_is_gone_on_with_is_safe_as_far_as_it_goes(tmp_path):
    path = tmp_path / "journal.jsonl"
    first = JournalWriter(path)
    first.put(notes("one"))
    first.settle()
    first.close(30)
    second = JournalWriter(path, 1)
    assert durable_bytes(path) == path.stat().st_size > 0
    second.close(30)
