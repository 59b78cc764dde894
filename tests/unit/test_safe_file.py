"""Files of a session that are something else: nothing outside the folder is read, cut or overwritten."""

import os
import shutil
import stat
from pathlib import Path

import pytest
from click.testing import CliRunner
from support.recorded_sessions import record_night

from monitor.cli import cli
from monitor.model.errors import InputError
from monitor.model.facts import Fact
from monitor.model.safe_file import (
    PART_GLOB,
    UnsafeFileError,
    open_fd,
    read_bytes,
    write_private,
    written_whole,
)
from monitor.outputs.exports.writing import export_session
from monitor.outputs.report import write_report
from monitor.session.durability_mark import DurabilityMark, durable_bytes
from monitor.session.folder import BedLock, SessionFolder, SessionLock
from monitor.session.journal import Journal
from monitor.session.signal.live_ring import LiveRing, LiveRingWriter
from monitor.session.xdf import XdfWriter

pytestmark = pytest.mark.skipif(os.name == "nt", reason="links and pipes of POSIX")

FOREIGN = b"of somebody else\n" * 400
PARTS = (
    "journal.jsonl", "recording.xdf", "summary.json", "movements.tsv", "events.tsv", "control.json",
    "journal.synced", "live-1.ring", ".lock",
)  # fmt: skip


@pytest.fixture(scope="module")
def night(tmp_path_factory):
    """A finished session of a minute."""
    return record_night(tmp_path_factory.mktemp("safe") / "2026-11-20T221500Z_bed-3", 60.0).path


@pytest.fixture
def session(night, tmp_path):
    return shutil.copytree(night, tmp_path / "sessions" / night.name)


@pytest.fixture
def foreign(tmp_path):
    path = tmp_path / "foreign"
    path.write_bytes(FOREIGN)
    return path


def contents(folder):
    """What is in a folder, links and pipes by what they are."""
    return {
        path.name: path.read_bytes() if path.is_file() and not path.is_symlink() else path.lstat().st_mode
        for path in folder.iterdir()
    }


def as_link(path, target):
    path.unlink(missing_ok=True)
    path.symlink_to(target)


def as_pipe(path, _target):
    path.unlink(missing_ok=True)
    os.mkfifo(path)


def as_folder(path, _target):
    path.unlink(missing_ok=True)
    path.mkdir()


INSTEAD = {"is a symbolic link": as_link, "is not a regular file": as_pipe}


@pytest.mark.parametrize("name", PARTS)
@pytest.mark.parametrize("what", INSTEAD)
def test_no_command_touches_a_session_with_a_foreign_file(session, foreign, tmp_path, name, what):
    INSTEAD[what](session / name, foreign)
    before = contents(session)
    out = tmp_path / "out"
    for command in (
        ["recover", str(session)],
        ["report", str(session), "--out", str(tmp_path / "r.html")],
        ["export", str(session), "--format", "xdf", "--out", str(out)],
        ["stop", str(session)],
    ):
        done = CliRunner().invoke(cli, command, standalone_mode=True)
        assert done.exit_code == 2, (command, done.output)
        assert f"{session / name}: {what}" in done.output
    assert contents(session) == before
    assert foreign.read_bytes() == FOREIGN
    assert not out.exists()


def test_files_that_are_in_nobodys_way_are_not_followed(session, foreign):
    """What an older version, or somebody, left under the names of files that were being written."""
    for name in ("summary.json.part", "movements.tsv.part", "events.tsv.part", "live-1.ring.part"):
        as_link(session / name, foreign)
    done = CliRunner().invoke(cli, ["recover", str(session)])
    assert done.exit_code == 0, done.output
    assert foreign.read_bytes() == FOREIGN
    assert not (session / "summary.json").is_symlink()


@pytest.mark.parametrize("make", [as_link, as_pipe, as_folder])
def test_what_the_recorder_opens_is_checked(tmp_path, foreign, make):
    """Each writer and reader by itself: the commands look before they open, others may be in between."""
    path = tmp_path / "it"
    make(path, foreign)
    for use in (Journal, XdfWriter, read_bytes):
        with pytest.raises(UnsafeFileError, match=r"it: is (a symbolic link|not a regular file)"):
            use(path)
    with pytest.raises(InputError):
        LiveRing.open(path)
    mark = tmp_path / "journal.synced"
    make(mark, foreign)
    DurabilityMark(tmp_path / "journal.jsonl").set(7)
    assert durable_bytes(tmp_path / "journal.jsonl") is None
    assert foreign.read_bytes() == FOREIGN


def test_a_ring_takes_the_place_of_a_link(tmp_path, foreign):
    as_link(tmp_path / "live-1.ring", foreign)
    LiveRingWriter(tmp_path / "live-1.ring", ["left"], 100.0)
    assert LiveRing.open(tmp_path / "live-1.ring").lanes == ("left",)
    assert foreign.read_bytes() == FOREIGN


@pytest.mark.parametrize("make", [as_link, as_pipe])
def test_a_lock_is_no_foreign_file(tmp_path, foreign, make):
    make(tmp_path / ".lock", foreign)
    make(tmp_path / ".bed-1.lock", foreign)
    for lock in (SessionLock(SessionFolder(tmp_path)), BedLock(tmp_path, "bed-1")):
        with pytest.raises(InputError, match=r"lock is (a symbolic link|not a regular file)"):
            lock.acquire()
    assert foreign.read_bytes() == FOREIGN


def test_the_folder_itself_may_be_a_link(session, tmp_path):
    link = tmp_path / "by-name"
    link.symlink_to(session)
    for command in (["recover", str(link)], ["report", str(link), "--out", str(tmp_path / "r.html")]):
        done = CliRunner().invoke(cli, command)
        assert done.exit_code == 0, done.output


def test_a_report_takes_the_place_of_a_link_and_of_nothing_else(session, tmp_path, foreign):
    out = tmp_path / "r.html"
    out.symlink_to(foreign)
    write_report(session, out)
    assert foreign.read_bytes() == FOREIGN
    assert not out.is_symlink()
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    for make in (as_pipe, as_folder):
        place = tmp_path / f"{make.__name__}.html"
        make(place, None)
        before = place.lstat().st_mode
        with pytest.raises(InputError, match="not a regular file"):
            write_report(session, place)
        assert place.lstat().st_mode == before
    leads_to_a_pipe = tmp_path / "stdout.html"
    leads_to_a_pipe.symlink_to(tmp_path / "as_pipe.html")
    with pytest.raises(InputError, match="not a regular file"):
        write_report(session, leads_to_a_pipe)
    assert leads_to_a_pipe.is_symlink()


@pytest.mark.parametrize("form", ["csv", "edf", "xdf", "bids"])
def test_an_export_follows_no_link(session, tmp_path, foreign, form):
    out = tmp_path / "out"
    files = export_session(session, form, out).files
    for path in files:
        if path.name not in ("participants.tsv",):
            as_link(path, foreign)
    again = export_session(session, form, out).files
    assert again == files or form == "bids"
    assert foreign.read_bytes() == FOREIGN
    assert not any(path.is_symlink() for path in again)
    assert not list(out.rglob(PART_GLOB))


def test_a_file_is_written_whole_or_not_at_all(tmp_path):
    path = tmp_path / "table.tsv"
    write_private(path, "before")

    def fail():
        with written_whole(path) as part:
            part.write_text("half")
            raise ValueError("no more")

    with pytest.raises(ValueError, match="no more"):
        fail()
    assert [each.name for each in tmp_path.iterdir()] == ["table.tsv"]
    assert path.read_text() == "before"


def test_nothing_is_cut_before_it_is_known_what_it_is(tmp_path, foreign):
    link = tmp_path / "link"
    link.symlink_to(foreign)
    with pytest.raises(UnsafeFileError):
        open_fd(link, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    assert foreign.read_bytes() == FOREIGN
    fd = open_fd(foreign, os.O_WRONLY | os.O_TRUNC)
    os.close(fd)
    assert foreign.read_bytes() == b""


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give files away")
def test_root_works_on_the_files_of_a_service_and_leaves_them_to_it(session):
    service, other = 12_345, 23_456
    for path in (session, *session.iterdir()):
        os.chown(path, service, service)
    (session / "summary.json").unlink()
    folder = SessionFolder.open(session)
    done = CliRunner().invoke(cli, ["recover", str(session)])
    assert done.exit_code == 0, done.output
    assert {path.stat().st_uid for path in session.iterdir()} == {service}
    os.chown(folder.journal, other, other)
    before = folder.journal.read_bytes()
    # Cut off, so that it is written to.
    with pytest.raises(InputError, match=r"journal\.jsonl: is owned by another user"):
        Journal(folder.journal).append([Fact("stop", 1.0, "recorder", {"reason": "x"})])
    assert folder.journal.read_bytes() == before


def test_what_a_crash_left_of_a_file_is_cleared(session):
    left = session / ".plms-abc.part.json"
    left.write_text("{")
    assert CliRunner().invoke(cli, ["recover", str(session)]).exit_code == 0
    assert not Path(left).exists()
