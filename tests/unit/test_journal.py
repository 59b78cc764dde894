"""The journal: written whole or not at all, read up to its tail, refused where its middle is damaged."""

import errno
import json
import os
import stat
import zlib

import pytest

from monitor.errors import InputError
from monitor.facts import Fact
from monitor.session.journal import Journal, decode, encode, read_journal

FACTS = [
    Fact("session", 0.0, "recorder", {"bed": "b", "legs": ["left"]}),
    Fact("note", 1.5, "person", {"text": 'says ,"crc":12} \n and \u2028 é µV', "author": "N"}),
    Fact("stage", -30.0, "Stager", {"stage": "N2", "duration_s": 30.0}),
    Fact("stage", -30.0, "Stager", {"stage": "N3", "duration_s": 30.0}, supersedes=2),
    Fact("clock", None, "recorder", {"utc": "x", "recorded_s": 0.1}),
]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "journal.jsonl"


def write(path, facts=FACTS):
    journal = Journal(path)
    written = journal.append(facts)
    journal.close()
    return written


def test_a_line_is_what_is_promised(path):
    write(path)
    lines = path.read_bytes().splitlines(keepends=True)
    assert len(lines) == len(FACTS)
    for seq, line in enumerate(lines):
        row = json.loads(line)
        assert (row["v"], row["seq"]) == (1, seq)
        assert {"kind", "t", "source"} <= set(row)
        # The checksum is that of the line without it.
        bare = line.replace(b',"crc":%d' % row["crc"], b"").rstrip(b"\n")
        assert zlib.crc32(bare) == row["crc"]


def test_it_reads_back_what_was_written(path):
    written = write(path)
    facts, tail = read_journal(path)
    assert facts == written
    assert tail.torn_bytes == 0
    assert [decode(encode(fact)) for fact in facts] == facts


@pytest.mark.skipif(os.name == "nt", reason="no POSIX modes")
def test_only_its_owner_can_read_it(path):
    write(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_cut_anywhere_it_reads_up_to_the_last_whole_line(path):
    written = write(path)
    whole = path.read_bytes()
    ends = [i + 1 for i, byte in enumerate(whole) if byte == ord("\n")]
    for cut in range(len(whole) + 1):
        path.write_bytes(whole[:cut])
        facts, tail = read_journal(path)
        n = sum(end <= cut for end in ends)
        assert facts == written[:n]
        assert tail.good_bytes == ([0, *ends][n])
        assert tail.good_bytes + tail.torn_bytes == cut


def test_any_damaged_byte_in_the_middle_is_refused_with_the_line(path):
    write(path)
    whole = path.read_bytes()
    last = whole.rstrip(b"\n").rfind(b"\n") + 1
    for at in range(last - 1):
        damaged = bytearray(whole)
        damaged[at] ^= 0x04
        path.write_bytes(damaged)
        with pytest.raises(InputError) as error:
            read_journal(path)
        assert error.value.exit_code == 2
        assert f"{path}, line " in str(error.value)


def test_damage_in_the_last_line_is_a_torn_tail(path):
    written = write(path)
    whole = bytearray(path.read_bytes())
    whole[-10] ^= 0x04
    path.write_bytes(whole)
    facts, tail = read_journal(path)
    assert facts == written[:-1]
    assert tail.torn_bytes > 0


@pytest.mark.parametrize("lines", [(0, 2), (1,), (0, 0)])
def test_a_line_that_is_gone_or_twice_there_is_refused(path, lines):
    write(path)
    all_lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(all_lines[i] for i in lines))
    with pytest.raises(InputError, match="seq is"):
        read_journal(path)


@pytest.mark.parametrize(
    "row",
    [
        {"v": 2, "seq": 0, "kind": "note", "t": 0.0, "source": "x"},
        {"v": 1, "seq": 0, "kind": "gossip", "t": 0.0, "source": "x"},
        {"v": 1, "kind": "note"},
        [],
    ],
)
def test_a_whole_line_of_another_format_is_no_fact(row):
    body = json.dumps(row).encode()
    if isinstance(row, list):
        body = b'[{"a":1}'
    with pytest.raises(ValueError):
        decode(body[:-1] + b',"crc":%d}\n' % zlib.crc32(body))


def test_it_goes_on_where_it_ended(path):
    write(path)
    journal = Journal(path, next_seq=len(FACTS))
    journal.append([Fact("stop", 9.0, "recover", {"reason": "x"})])
    journal.close()
    assert [fact.seq for fact in read_journal(path)[0]] == list(range(len(FACTS) + 1))


@pytest.mark.parametrize("short", [0, 1, 40])
def test_a_disk_that_is_full_leaves_no_torn_line_and_no_gap(path, monkeypatch, short):
    journal = Journal(path)
    journal.append(FACTS[:1])
    before = path.read_bytes()
    write_whole = os.write
    calls = []

    def full(fd, data):
        if calls or not short:
            raise OSError(errno.ENOSPC, "No space left on device")
        calls.append(1)
        return write_whole(fd, data[:short])

    with monkeypatch.context() as patched:
        patched.setattr(os, "write", full)
        with pytest.raises(OSError, match="No space"):
            journal.append(FACTS[1:3])
    assert path.read_bytes() == before
    again = journal.append(FACTS[1:3])
    journal.close()
    assert [fact.seq for fact in again] == [1, 2]
    assert read_journal(path)[0][1:] == again


def test_what_did_not_reach_the_disk_is_taken_back(path, monkeypatch):
    journal = Journal(path)

    def broken(_fd):
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", broken)
        with pytest.raises(OSError, match="Input/output"):
            journal.append(FACTS)
    journal.close()
    assert path.read_bytes() == b""


def test_numbers_that_are_none_are_refused_before_they_are_written(path):
    journal = Journal(path)
    with pytest.raises(ValueError):
        journal.append([FACTS[0], Fact("note", float("nan"), "person", {})])
    journal.close()
    assert path.read_bytes() == b""


def test_a_missing_journal_is_said(path):
    with pytest.raises(InputError, match="cannot be read"):
        read_journal(path)
