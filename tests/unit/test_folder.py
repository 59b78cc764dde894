"""The session's folder: its name, who may read it, one recorder per bed."""

import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from monitor.model.errors import InputError
from monitor.model.safe_file import write_private
from monitor.session.folder import (
    BedLock,
    SessionFolder,
    check_code,
    default_sessions_dir,
    refuse_replacing,
)


@pytest.mark.parametrize("good", ["bed-1", "A", "lab.3_x", "9", "x" * 40])
def test_codes_that_are_safe(good):
    assert check_code("--bed", good) == good


@pytest.mark.parametrize(
    "bad", ["", ".", "..", "a/b", "../x", "a b", "-x", "_x", "bed\n", "b\u00e9", "x" * 41, "a\x00"]
)
def test_codes_that_are_not(bad):
    with pytest.raises(InputError, match="--bed"):
        check_code("--bed", bad)


def test_the_name_is_start_and_bed_and_never_taken_twice(tmp_path):
    made = [SessionFolder.create(tmp_path / "s", "bed-3").path for _ in range(3)]
    assert len(set(made)) == 3
    for path in made:
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d{6}Z_bed-3(-\d)?", path.name)


@pytest.mark.skipif(os.name == "nt", reason="no POSIX modes")
def test_only_the_owner_can_look_in(tmp_path):
    path = SessionFolder.create(tmp_path / "s", "b").path
    write_private(path / "f", "x")
    modes = [stat.S_IMODE(each.stat().st_mode) for each in (path.parent, path, path / "f")]
    assert modes == [0o700, 0o700, 0o600]
    assert not list(path.glob("*.part"))


def test_where_no_folder_can_be_is_said(tmp_path):
    (tmp_path / "file").write_text("x")
    for sessions in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(InputError, match="--sessions"):
            SessionFolder.create(sessions, "b")
        with pytest.raises(InputError, match=re.escape(str(sessions))):
            BedLock(sessions, "b").acquire()
    with pytest.raises(InputError, match="not a session folder"):
        SessionFolder.open(tmp_path)


def test_what_is_there_instead_of_a_session_is_said(tmp_path):
    session = SessionFolder.create(tmp_path / "s", "b")
    session.journal.write_text("")
    session.recording.write_text("")
    for path, words in (
        (tmp_path, "it has no journal.jsonl"),
        (tmp_path / "misspelt", "it does not exist"),
        (Path("misspelt"), f"nothing has this name here or in {default_sessions_dir()}"),
        (session.recording, f"it is a file; give its folder {session.path}"),
    ):
        with pytest.raises(InputError, match=re.escape(words)):
            SessionFolder.open(path)


def test_tables_of_a_scoring_replace_no_session_and_no_list_that_is_read(tmp_path):
    session, out = SessionFolder.create(tmp_path / "s", "b"), tmp_path / "out"
    session.journal.write_text("")
    refuse_replacing(out, [tmp_path / "missing.tsv"])
    out.mkdir()
    own, other = out / "events.tsv", tmp_path / "events.tsv"
    own.write_text("")
    other.write_text("")
    refuse_replacing(out, [other])
    with pytest.raises(InputError, match="is a session, whose tables would be replaced"):
        refuse_replacing(session.path, [other])
    with pytest.raises(InputError, match="is read, and would be replaced"):
        refuse_replacing(out, [tmp_path / "out" / ".." / "out" / "events.tsv"])


def test_tables_of_a_scoring_replace_only_those_of_another(tmp_path):
    for name, own, foreign in (
        ("events.tsv", "onset\tduration\tleg\tparts\n", "onset\tduration\ttrial_type\n"),
        ("movements.tsv", "onset\tduration\tleg\tpeak_uv\tresting_uv\n", "time,leg\n"),
        ("limbs.tsv", "onset\tduration\tlimb\tpeak_uv\tresting_uv\n", "limb\n"),
        ("summary.json", '{"version": "1.0", "config_sha256": "0"}\n', "{}\n"),
    ):
        table = tmp_path / name
        for text in ("", own):
            table.write_text(text)
            refuse_replacing(tmp_path, [])
        table.write_text(foreign)
        with pytest.raises(InputError, match=re.escape(f"{table} was not written by a scoring")):
            refuse_replacing(tmp_path, [])
        assert table.read_text() == foreign
        table.unlink()


def test_one_recorder_per_bed_until_it_lets_go(tmp_path):
    first, second, other = BedLock(tmp_path, "b.1"), BedLock(tmp_path, "b.1"), BedLock(tmp_path, "b.2")
    first.acquire()
    other.acquire()
    with pytest.raises(InputError, match=r"another recorder is running on 'b.1'"):
        second.acquire()
    with pytest.raises(InputError, match=rf"\(process {os.getpid()} on .+, since 20.+ UTC\)"):
        second.acquire()
    first.release()
    second.acquire()
    second.release()
    other.release()


def test_a_recorder_that_died_holds_no_bed(tmp_path):
    code = """
import os, sys
from pathlib import Path
from monitor.session.folder import BedLock
BedLock(Path(sys.argv[1]), "b").acquire()
os._exit(7)
"""
    died = subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False, timeout=240)
    assert died.returncode == 7
    lock = BedLock(tmp_path, "b")
    lock.acquire()
    with pytest.raises(InputError, match="another recorder"):
        BedLock(tmp_path, "b").acquire()
    lock.release()


def test_a_damaged_word_of_the_owner_is_left_out(tmp_path):
    first, second = BedLock(tmp_path, "b"), BedLock(tmp_path, "b")
    first.acquire()
    (tmp_path / ".b.owner").write_text("[")
    with pytest.raises(InputError, match="another recorder is running on 'b'; stop"):
        second.acquire()
    first.release()
    assert not (tmp_path / ".b.owner").exists()
