"""The journal: written whole or not at all; of a damaged one every readable line is read, once, in order."""

import errno
import json
import os
import stat
import zlib

import pytest

from monitor.model.errors import InputError
from monitor.model.facts import UNUSABLE, Fact
from monitor.session.durability_mark import DurabilityMark
from monitor.session.journal import Journal, decode, encode, read_journal

FACTS = [
    Fact(
        "session",
        0.0,
        "recorder",
        {"bed": "b", "legs": ["left"], "config": {}, "config_sha256": "", "main_profile": "aasm3"}
        | {"measure": ""},
    ),
    Fact("note", 1.5, "person", {"text": 'says ,"crc":12} \n and \u2028 é µV', "author": "N"}),
    Fact("stage", -30.0, "Stager", {"stage": "N2", "duration_s": 30.0}),
    Fact("stage", -30.0, "Stager", {"stage": "N3", "duration_s": 30.0}, supersedes=2),
    Fact(
        "clock",
        None,
        "recorder",
        {
            "utc": "2026-11-20T22:15:00.000+00:00",
            "zone": "+0100",
            "lsl": 1.0,
            "boot_id": "",
            "recorded_s": 0.1,
        },
    ),
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


def test_any_damaged_byte_costs_only_the_facts_it_touches(path):
    written = write(path)
    whole = path.read_bytes()
    last = whole.rstrip(b"\n").rfind(b"\n") + 1
    line = 0
    for at in range(last - 1):
        damaged = bytearray(whole)
        damaged[at] ^= 0x04
        path.write_bytes(damaged)
        facts, tail = read_journal(path)
        assert facts == written[:line] + written[line + 1 :]
        assert tail.is_damaged
        assert (tail.missing, tail.n_missing) == (((line, line),), 1)
        line += whole[at] == ord("\n")


def test_damage_in_the_last_line_is_a_torn_tail(path):
    written = write(path)
    whole = bytearray(path.read_bytes())
    whole[-10] ^= 0x04
    path.write_bytes(whole)
    facts, tail = read_journal(path)
    assert facts == written[:-1]
    assert tail.torn_bytes > 0


@pytest.mark.parametrize(
    ("lines", "there", "missing", "disorder"),
    [
        ((0, 2), [0, 2], ((1, 1),), ""),
        ((3,), [3], ((0, 2),), ""),
        ((0, 0, 1), [0, 1], (), "1 line there twice"),
        ((0, 2, 1, 3), [0, 1, 2, 3], (), "1 line out of order"),
    ],
)
def test_the_numbers_say_which_lines_are_gone_twice_there_or_out_of_order(
    path, lines, there, missing, disorder
):
    written = write(path)
    all_lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(all_lines[i] for i in lines))
    facts, tail = read_journal(path)
    assert facts == [written[i] for i in there]
    assert (tail.missing, tail.disorder, tail.is_damaged) == (missing, disorder, True)
    assert tail.next_seq == there[-1] + 1


def test_of_two_facts_with_one_number_the_first_holds(path):
    written = write(path)
    other = encode(Fact("note", 3.0, "person", {"text": "another"}, seq=2))
    path.write_bytes(path.read_bytes() + other)
    facts, tail = read_journal(path)
    assert facts == written
    assert "number of another fact" in tail.disorder


@pytest.mark.parametrize(
    "edit", [lambda data: data.replace(b"\n", b"\r\n"), lambda data: b"\xef\xbb\xbf" + data]
)
def test_what_a_text_editor_adds_costs_nothing_and_is_said(path, edit):
    written = write(path)
    path.write_bytes(edit(path.read_bytes()))
    facts, tail = read_journal(path)
    assert facts == written
    assert (tail.missing, tail.skipped_bytes) == ((), 0)
    assert "text editor" in tail.disorder


def test_a_damaged_fact_accounts_for_the_numbers_it_names(path):
    lost = {"what": "journal", "from_seq": 1, "to_seq": 2, "n": 2, "end": 1.0, "bytes": 200}
    facts = [
        Fact("lights", 0.0, "S", {"state": "off"}, seq=0),
        Fact("arousal", 1.0, "S", {"duration_s": 3.0}, seq=3),
    ]
    facts.append(Fact("damaged", 0.0, "recover", lost, seq=4))
    path.write_bytes(b"".join(encode(fact) for fact in facts))
    found, tail = read_journal(path)
    assert found == facts
    assert not tail.is_damaged
    assert tail.next_seq == 5


def test_the_note_of_what_was_on_disk_tells_that_the_end_is_missing(path):
    written = write(path)
    whole = path.read_bytes()
    mark = DurabilityMark(path)
    path.write_bytes(b"".join(whole.splitlines(keepends=True)[:3]))
    facts, tail = read_journal(path)
    mark.close()
    assert facts == written[:3]
    assert tail.lost_bytes == len(whole) - path.stat().st_size
    assert tail.is_damaged
    assert not read_journal(path)[1].is_damaged


@pytest.mark.parametrize(
    ("rest", "is_torn"),
    [
        (b'{"v":1,"seq":5,"kind":"no', True),
        (b'{"v"', True),
        (b'{"v":1,"seq":7,"kind":"no', False),
        (bytes(40), False),
        (b'{"v":1,"seq":5,"kind":"note","crc":1}\n', False),
    ],
)
def test_an_interrupted_write_is_told_from_damage(path, rest, is_torn):
    write(path)
    path.write_bytes(path.read_bytes() + rest)
    _, tail = read_journal(path)
    assert (tail.is_torn, tail.is_damaged, tail.torn_bytes) == (is_torn, not is_torn, len(rest))


@pytest.mark.parametrize(
    "row",
    [
        {"v": 2, "seq": 0, "kind": "note", "t": 0.0, "source": "x"},
        {"v": 1, "kind": "note"},
        {"v": 1, "seq": "0", "kind": "note", "t": 0.0, "source": "x"},
        {"v": 1, "seq": -1, "kind": "note", "t": 0.0, "source": "x"},
        {"v": 1, "seq": True, "kind": "note", "t": 0.0, "source": "x"},
        [],
    ],
)
def test_a_whole_line_of_another_format_is_no_fact(row):
    body = json.dumps(row).encode()
    if isinstance(row, list):
        body = b'[{"a":1}'
    with pytest.raises(ValueError):
        decode(body[:-1] + b',"crc":%d}\n' % zlib.crc32(body))


def test_a_source_that_is_no_text_is_set_aside(path):
    raw = b'{"v":1,"seq":0,"kind":"lights","t":0.0,"source":"\\ud800","state":"off"}'
    fact = decode(raw[:-1] + b',"crc":%d}\n' % zlib.crc32(raw))
    assert (fact.kind, fact.data["of"]) == (UNUSABLE, "lights")
    assert "source" in fact.data["reason"]


def test_a_kind_that_a_newer_version_has_is_set_aside(path):
    body = json.dumps({"v": 1, "seq": 3, "kind": "gossip", "t": 0.0, "source": "x"}).encode()
    fact = decode(body[:-1] + b',"crc":%d}\n' % zlib.crc32(body))
    assert (fact.kind, fact.seq) == ("unusable", 3)
    assert "gossip" in fact.data["reason"]


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
