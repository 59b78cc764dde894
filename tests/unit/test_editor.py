"""Editing a finished night: appended under its lock, signed over exactly what was there, tables made anew."""

import contextlib
import json
import os
import stat
import threading

import pytest

from monitor.model.config import load_config
from monitor.model.errors import InputError
from monitor.model.facts import Fact
from monitor.recorder.editor import Editor
from monitor.session.control import ControlClient
from monitor.session.folder import SessionFolder, SessionLock
from monitor.session.journal import Journal, read_journal
from monitor.session.recovery import recover

END_S = 1200.0


def movement(onset_s, key):
    data = {"leg": "left", "id": key, "phase": "closed", "onset": onset_s, "known": onset_s + 2.0}
    data |= {"end": onset_s + 1.5, "peak_uv": 60.0, "resting_uv": 2.0, "morphology": True}
    return Fact("movement", onset_s, "detector", data)


@pytest.fixture
def folder(tmp_path):
    made = SessionFolder(tmp_path / "night")
    made.path.mkdir()
    config = load_config()
    about = {"bed": "b", "legs": ["left", "right"], "main_profile": "aasm3", "measure": "m"}
    about |= {"config": dict(config.document), "config_sha256": config.sha256}
    facts = [Fact("session", 0.0, "recorder", about), *(movement(100.0 + 20 * i, f"L{i}") for i in range(5))]
    journal = Journal(made.journal)
    journal.append([*facts, Fact("stop", END_S, "recorder", {"reason": "test"})])
    journal.close()
    return made


@pytest.fixture
def editor(folder):
    made = Editor(folder)
    yield made
    made.close()


def facts_of(folder):
    return read_journal(folder.journal)[0]


def summary_of(folder):
    return json.loads((folder.path / "summary.json").read_text())


def test_what_is_judged_is_appended_and_the_tables_follow(folder, editor):
    before = folder.journal.read_bytes()
    client = ControlClient(folder)
    assert client.ask({"do": "status"})["is_editor"] is True
    client.ask({"do": "reject", "movements": ["L4"], "reason": "turned over", "author": "AB"})
    with pytest.raises(InputError, match="unknown movement 'L9'"):
        client.ask({"do": "reject", "movements": ["L9"], "reason": "x"})
    with pytest.raises(InputError, match="ended already"):
        client.ask({"do": "stop"})
    with pytest.raises(InputError, match="raises no alerts"):
        client.ask({"do": "acknowledged", "t": 5.0, "alerts": {"lost-left": "medium"}})
    client.close()
    assert folder.journal.read_bytes().startswith(before)
    fact = facts_of(folder)[-1]
    assert (fact.kind, fact.source, fact.data["author"]) == ("reject", "person", "AB")
    assert fact.data["told_utc"].endswith("+00:00")
    editor.write_tables()
    assert summary_of(folder)["rules"]["aasm3"]["n_plm"] == 4
    assert summary_of(folder)["manual"]["automatic"]["aasm3"]["n_plm"] == 5
    assert not editor.has_unwritten_tables
    assert stat.S_IMODE(folder.journal.stat().st_mode) == 0o600


def test_a_signature_is_over_all_there_is_and_a_later_edit_makes_it_provisional(folder, editor):
    assert "signature needs a name" in editor.answer({"do": "sign"})["error"]
    assert "a newer entry was added" in editor.answer({"do": "sign", "author": "AB", "over_seq": 3})["error"]
    assert editor.answer({"do": "sign", "author": "AB", "over_seq": 6})["ok"]
    editor.write_tables()
    signed = summary_of(folder)["signed"]
    assert (signed["author"], signed["over_seq"]) == ("AB", 6)
    assert signed["told_utc"] == facts_of(folder)[-1].data["told_utc"]
    editor.answer({"do": "note", "t": 3.0, "text": "one more thing"})
    editor.write_tables()
    assert summary_of(folder)["signed"] is None
    assert editor.answer({"do": "sign", "author": "CD"})["ok"]
    editor.write_tables()
    assert summary_of(folder)["signed"]["author"] == "CD"


def test_one_edits_at_a_time_and_nobody_repairs_meanwhile(folder):
    editor = Editor(folder)
    with pytest.raises(InputError, match="being edited by another process"):
        Editor(folder)
    with pytest.raises(InputError, match="being edited by another process"):
        recover(folder)
    editor.close()
    Editor(folder).close()
    assert not folder.control.exists()
    assert recover(folder).was_open is False


@pytest.mark.skipif(os.name == "nt", reason="a file that is open cannot be removed there")
def test_a_lock_that_is_given_back_while_another_takes_it_is_held_by_one(folder, monkeypatch):
    import fcntl

    flock, first, second = fcntl.flock, SessionLock(folder), SessionLock(folder)
    first.acquire()
    holders = [first]

    def late(fd, operation):
        if holders == [first]:
            # The second has opened the file; now the first removes it and gives it back.
            holders.clear()
            first.release()
        return flock(fd, operation)

    monkeypatch.setattr(fcntl, "flock", late)
    for lock in (second, SessionLock(folder)):
        with contextlib.suppress(InputError):
            lock.acquire()
            holders.append(lock)
    assert len(holders) == 1
    holders[0].release()


def test_a_night_that_was_not_ended_is_recovered_first(folder):
    whole = folder.journal.read_bytes()
    lines = whole.splitlines(keepends=True)
    for cut in (b"".join(lines[:-1]), whole + b'{"v":1,"torn'):
        folder.journal.write_bytes(cut)
        with pytest.raises(InputError, match="has not been ended; close it with: plms-monitor recover"):
            Editor(folder)
    assert recover(folder).was_open is False
    Editor(folder).close()


def test_a_request_that_is_late_is_refused_and_goes_into_no_other_file(folder, tmp_path):
    editor = Editor(folder)
    note = {"do": "note", "t": 1.0, "text": "late"}
    assert "seq" in editor.answer(note)
    editor.close()
    before = folder.journal.read_bytes()
    # The system gives the next file the number of the journal.
    with (tmp_path / "other").open("wb"):
        assert editor.answer(note) == {"error": "editing has ended"}
    assert folder.journal.read_bytes() == before
    assert (tmp_path / "other").read_bytes() == b""


def test_many_at_once_leave_a_journal_in_order(folder, editor):
    def write(name):
        client = ControlClient(folder)
        for i in range(20):
            client.ask({"do": "note", "t": float(i), "text": f"{name} {i}"})
        client.close()

    threads = [threading.Thread(target=write, args=(name,)) for name in "abc"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    notes = [fact.data["text"] for fact in facts_of(folder) if fact.kind == "note"]
    assert sorted(notes) == sorted(f"{name} {i}" for name in "abc" for i in range(20))
    assert [fact.seq for fact in facts_of(folder)] == list(range(len(facts_of(folder))))


def test_a_disk_that_takes_nothing_is_said(folder, editor, monkeypatch):
    def full(_journal, _facts):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Journal, "append", full)
    n = len(facts_of(folder))
    assert "No space left" in editor.answer({"do": "note", "t": 1.0, "text": "x"})["error"]
    assert "No space left" in editor.answer({"do": "status"})["trouble"]
    monkeypatch.undo()
    assert editor.answer({"do": "note", "t": 1.0, "text": "x"})["ok"]
    assert len(facts_of(folder)) == n + 1
    assert editor.answer({"do": "status"})["trouble"] == ""
