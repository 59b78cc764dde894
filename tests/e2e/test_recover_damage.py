"""`recover` on damaged sessions: all that can be read is used, all that was there stays, and it says so."""

import json
import os
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from support.small_sessions import SECONDS, make
from support.watching import of_kind, run, summary

from monitor.session.durability_mark import DurabilityMark
from monitor.session.folder import SessionFolder
from monitor.session.journal import read_journal

DAMAGED = 4
PAGE = 512


@pytest.fixture(scope="module")
def sessions(tmp_path_factory):
    path = tmp_path_factory.mktemp("made")
    return {
        "ended": make(path / "ended", 4 * SECONDS),
        "cut off": make(path / "cut", 4 * SECONDS, is_ended=False),
    }


@pytest.fixture(params=["ended", "cut off"])
def session(request, sessions, tmp_path):
    """A fresh copy of a session that was ended, and of one that was cut off."""
    return SessionFolder(shutil.copytree(sessions[request.param].path, tmp_path / "s"))


@pytest.fixture
def ended(sessions, tmp_path):
    return SessionFolder(shutil.copytree(sessions["ended"].path, tmp_path / "s"))


def facts_of(folder):
    return read_journal(folder.journal)[0]


def kept(folder, name, what="damaged"):
    return [path.read_bytes() for path in sorted(folder.path.glob(f"{name}.{what}-*"))]


def put_zeros(path, at):
    data = bytearray(path.read_bytes())
    data[at : at + PAGE] = bytes(PAGE)
    path.write_bytes(data)
    return bytes(data)


def middle_page(path):
    return path.stat().st_size // 2 // PAGE * PAGE


def check_said(said, *words):
    assert said.returncode == DAMAGED, said.stderr
    assert said.stderr == ""
    lost = re.search(r"missing|signal of|signal could not", said.stdout)
    what = "parts of it could not be read" if lost else "every fact could be read and is used"
    assert said.stdout.startswith(f"DAMAGED: files of this session were damaged; {what}.\n")
    assert "torn" not in said.stdout.lower()
    for word in words:
        assert word in said.stdout


@pytest.mark.smoke
def test_a_bad_page_in_the_journal_costs_the_lines_it_touches(session):
    before = facts_of(session)
    damaged = put_zeros(session.journal, middle_page(session.journal))
    readable = facts_of(session)
    said = run("recover", str(session.path))
    n = len(before) - len(readable)
    assert 0 < n < 6
    check_said(said, f"journal: {n} facts are missing (seq ", "journal.jsonl.damaged-")
    assert kept(session, "journal.jsonl") == [damaged]
    after, tail = read_journal(session.journal)
    assert not tail.is_damaged
    assert [fact for fact in after if fact in readable] == readable
    (lost,) = of_kind(after, "damaged")
    assert lost.data["n"] == n
    assert {f.seq for f in before} - {f.seq for f in readable} == set(
        range(lost.data["from_seq"], lost.data["to_seq"] + 1)
    )
    assert lost.seq > before[-1].seq


def test_the_time_in_which_facts_may_be_missing_is_in_no_denominator(ended):
    run("recover", str(ended.path))
    whole = summary(ended.path)
    assert whole["damage"] == []
    put_zeros(ended.journal, middle_page(ended.journal))
    run("recover", str(ended.path))
    after = summary(ended.path)
    (lost,) = of_kind(facts_of(ended), "damaged")
    gone_h = (lost.data["end"] - lost.t) / 3600
    assert gone_h > 0
    for leg in ("left", "right"):
        assert whole["usable_h"][leg] - after["usable_h"][leg] == pytest.approx(gone_h, abs=1e-6)
    assert whole["recording_h"] == after["recording_h"]
    assert [(each["what"], each["n"]) for each in after["damage"]] == [("journal", lost.data["n"])]
    # The hole lies where the facts before and behind it were written.
    others = [f for f in facts_of(ended) if f.kind in ("clock", "movement")]
    before = [f.data.get("known", f.t) for f in others if f.seq < lost.data["from_seq"]]
    behind = [f.data.get("known", f.t) for f in others if f.seq > lost.data["to_seq"]]
    assert lost.t <= max(before) <= lost.data["end"] == behind[0]


def test_a_bad_page_over_a_line_end_costs_both_lines(session):
    data = session.journal.read_bytes()
    end = data.index(b"\n", len(data) // 2) + 1
    damaged = put_zeros(session.journal, end - PAGE // 2)
    check_said(run("recover", str(session.path)), "facts are missing")
    assert kept(session, "journal.jsonl") == [damaged]


def swapped(lines):
    k = len(lines) // 2
    return [*lines[:k], lines[k + 1], lines[k], *lines[k + 2 :]]


@pytest.mark.parametrize(
    ("edit", "word"),
    [
        (swapped, "1 line out of order"),
        (lambda lines: [*lines[:9], lines[8], *lines[9:]], "1 line there twice"),
        (lambda lines: [line[:-1] + b"\r\n" for line in lines], "lines with marks of a text editor"),
        (lambda lines: [b"\xef\xbb\xbf", *lines], "1 line with marks of a text editor"),
    ],
    ids=["swapped", "twice", "crlf", "bom"],
)
def test_lines_in_disorder_cost_nothing(ended, edit, word):
    whole, before = ended.journal.read_bytes(), facts_of(ended)
    damaged = b"".join(edit(whole.splitlines(keepends=True)))
    ended.journal.write_bytes(damaged)
    check_said(
        run("recover", str(ended.path)), word, "The session had ended already; rewritten: journal.jsonl."
    )
    assert kept(ended, "journal.jsonl") == [damaged]
    assert ended.journal.read_bytes().startswith(whole)
    assert facts_of(ended)[:-1] == before
    assert summary(ended.path)["usable_h"]["left"] == pytest.approx(4 * SECONDS / 3600, abs=1e-6)
    # It is repaired: nothing is missing, and nothing is said a second time.
    again = run("recover", str(ended.path))
    assert (again.returncode, "DAMAGED" in again.stdout) == (0, False)


def test_half_of_a_journal_that_was_known_to_be_on_disk(sessions, tmp_path):
    folder = SessionFolder(shutil.copytree(sessions["cut off"].path, tmp_path / "s"))
    whole = folder.journal.read_bytes()
    DurabilityMark(folder.journal)
    lines = whole.splitlines(keepends=True)
    damaged = b"".join(lines[: len(lines) // 2])
    folder.journal.write_bytes(damaged)
    lost_n = len(whole) - len(damaged)
    said = run("recover", str(folder.path))
    check_said(said, "journal: an unknown number of facts is missing", f"{lost_n} bytes")
    assert kept(folder, "journal.jsonl") == [damaged]
    facts, tail = read_journal(folder.journal)
    assert not tail.is_damaged
    # No number that may have been shown is used a second time.
    assert min(f.seq for f in facts[len(lines) // 2 :]) > len(lines)
    (lost,) = of_kind(facts, "damaged")
    assert (lost.data["n"], lost.data["end"]) == (None, facts[-1].t)
    assert summary(folder.path)["usable_h"]["left"] <= lost.t / 3600
    assert [p.name for p in folder.path.glob("*.synced")] == []
    again = run("recover", str(folder.path))
    assert again.returncode == DAMAGED
    assert "repaired earlier" in again.stdout
    assert facts_of(folder) == facts


def test_half_of_the_journal_of_an_ended_session(ended):
    lines = ended.journal.read_bytes().splitlines(keepends=True)
    ended.journal.write_bytes(b"".join(lines[: len(lines) // 2]))
    check_said(run("recover", str(ended.path)), "an unknown number of facts is missing")
    facts = facts_of(ended)
    (lost,) = of_kind(facts, "damaged")
    assert facts[-1].t == lost.data["end"] == pytest.approx(4 * SECONDS, abs=0.01)
    assert summary(ended.path)["usable_h"]["left"] <= lost.t / 3600


def test_flipped_bytes_in_the_recording_cost_one_chunk(session):
    data = bytearray(session.recording.read_bytes())
    at = len(data) // 2
    data[at : at + 40] = bytes(byte ^ 255 for byte in data[at : at + 40])
    session.recording.write_bytes(data)
    said = run("recover", str(session.path))
    check_said(said, "recording: signal of Amp could not be read, ", "recording.xdf.damaged-")
    assert kept(session, "recording.xdf") == [bytes(data)]
    assert len(data) - session.recording.stat().st_size < 1000
    (lost,) = of_kind(facts_of(session), "damaged")
    # 25 samples at 250 Hz.
    assert lost.data["end"] - lost.t == pytest.approx(0.1, abs=0.01)
    # What was found in this signal live is known: the time counts.
    assert summary(session.path)["usable_h"]["left"] == pytest.approx(4 * SECONDS / 3600, abs=1e-4)
    assert run("recover", str(session.path)).returncode == DAMAGED
    assert len(of_kind(facts_of(session), "damaged")) == 1


def test_a_recording_of_garbage_is_kept_aside(session):
    garbage = bytes(range(1, 251)) * 28
    session.recording.write_bytes(garbage)
    check_said(run("recover", str(session.path)), "7000 bytes")
    assert kept(session, "recording.xdf") == [garbage]
    assert not session.recording.exists()


def test_without_a_readable_session_line_nothing_is_touched(session):
    damaged = put_zeros(session.journal, 0)
    before = {path.name: path.read_bytes() for path in session.path.iterdir()}
    said = run("recover", str(session.path))
    assert said.returncode == 2
    assert "`session` line cannot be read" in said.stderr
    assert f"{session.journal}: " in said.stderr
    assert {path.name: path.read_bytes() for path in session.path.iterdir()} == before
    assert session.journal.read_bytes() == damaged
    for command in (("report", "--out", "r.html"), ("export", "--format", "csv", "--out", "o")):
        told = run(command[0], str(session.path), *command[1:])
        assert (told.returncode, "`session` line cannot be read" in told.stderr) == (2, True)


def test_who_only_reads_sees_what_is_missing_and_changes_nothing(ended, tmp_path):
    put_zeros(ended.journal, middle_page(ended.journal))
    put_zeros(ended.recording, middle_page(ended.recording))
    before = {path.name: path.read_bytes() for path in ended.path.iterdir()}
    report = tmp_path / "r.html"
    assert run("report", str(ended.path), "--out", str(report)).returncode == 0
    assert "DAMAGED journal: " in report.read_text()
    assert "facts are missing" in report.read_text()
    for form in ("csv", "edf", "xdf", "bids"):
        said = run("export", str(ended.path), "--format", form, "--out", str(tmp_path / form))
        assert said.returncode == 0, said.stderr
        assert "journal.jsonl: " in said.stderr
        assert "facts are missing" in said.stderr
    assert {path.name: path.read_bytes() for path in ended.path.iterdir()} == before
    scored = run("score", str(ended.recording), "--out", str(tmp_path / "o"), "--json")
    assert "is damaged in 1 place" in scored.stderr
    # Repaired, they say the same.
    run("recover", str(ended.path))
    assert run("report", str(ended.path), "--out", str(report)).returncode == 0
    assert "DAMAGED journal: " in report.read_text()
    assert "DAMAGED recording: " in report.read_text()


@pytest.mark.skipif(os.name == "nt", reason="no POSIX modes")
def test_what_is_kept_is_for_its_owner_only(session):
    session.journal.chmod(0o644)
    put_zeros(session.journal, middle_page(session.journal))
    with session.recording.open("ab") as file:
        file.write(b"\x04\xff\xff")
    run("recover", str(session.path))
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in session.path.iterdir()}
    assert set(modes.values()) == {0o600}, modes


def test_the_end_of_an_interrupted_write_is_kept_aside(sessions, tmp_path):
    folder = SessionFolder(shutil.copytree(sessions["cut off"].path, tmp_path / "s"))
    n = len(facts_of(folder))
    torn = {"journal.jsonl": b'{"v":1,"seq":%d,"kind":"no' % n, "recording.xdf": b"\x04\xff\xff\0\0\3"}
    for name, data in torn.items():
        with (folder.path / name).open("ab") as file:
            file.write(data)
    said = run("recover", str(folder.path))
    assert said.returncode == 0, said.stderr
    assert "DAMAGED" not in said.stdout
    for name, data in torn.items():
        assert kept(folder, name, "torn") == [data]
        assert f"{name}: the original bytes are in {name}.torn-" in said.stdout
    assert [fact.seq for fact in facts_of(folder)] == list(range(len(facts_of(folder))))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_killed_at_any_step_it_can_be_done_again(session, tmp_path):
    journal = put_zeros(session.journal, middle_page(session.journal))
    recording = put_zeros(session.recording, middle_page(session.recording))
    child = Path(__file__).parent / "killed_recovery.py"
    done = subprocess.run(
        [sys.executable, str(child), str(session.path), str(tmp_path / "copies")],
        capture_output=True, text=True, check=False, timeout=240,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    n_steps = json.loads(done.stdout)
    assert n_steps > 12
    copies = sorted((tmp_path / "copies").iterdir())
    assert len(copies) == n_steps + 1
    expected = [(f.kind, f.t, f.data.get("n")) for f in facts_of(SessionFolder(copies[-1]))]
    for path in copies:
        folder = SessionFolder(path)
        assert kept(folder, "journal.jsonl") == [journal], path
        assert kept(folder, "recording.xdf") == [recording], path
        assert [(f.kind, f.t, f.data.get("n")) for f in facts_of(folder)] == expected, path
        assert not list(path.glob("*.repaired"))
        assert (path / "summary.json").exists()
