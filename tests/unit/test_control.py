"""The control channel of a running recorder: its owner only, JSON only, nobody can hold it up."""

import json
import os
import stat
import threading
from multiprocessing.connection import Client
from pathlib import Path

import pytest

from monitor.model.errors import InputError
from monitor.session.control import ControlClient, ControlServer


@pytest.fixture
def asked():
    return []


@pytest.fixture
def contact(tmp_path, asked):
    """A server that answers, or fails as asked to; its contact file."""

    def handler(request):
        asked.append(dict(request))
        if request.get("do") == "refuse":
            return {"error": "t = -1: expected 0 to 9 s"}
        return {"ok": True, "echo": request.get("text", "")}

    path = tmp_path / "control.json"
    server = ControlServer(path, handler)
    yield path
    server.close()
    assert not path.exists()


def raw(contact):
    about = json.loads(contact.read_text())
    return Client(about["address"]), bytes.fromhex(about["key"])


def test_a_question_is_answered(contact):
    client = ControlClient(contact)
    assert client.pid == os.getpid()
    assert client.ask({"do": "note", "text": "é µ 💤"}) == {"ok": True, "echo": "é µ 💤"}
    assert client.ask({"do": "again"})["ok"]
    client.close()


def test_a_refusal_is_an_error_with_its_words(contact):
    client = ControlClient(contact)
    with pytest.raises(InputError, match="expected 0 to 9 s"):
        client.ask({"do": "refuse"})
    # The conversation goes on.
    assert client.ask({"do": "x"})["ok"]
    client.close()


@pytest.mark.skipif(os.name == "nt", reason="no POSIX modes")
def test_only_its_owner_can_find_it_and_open_it(contact):
    about = json.loads(contact.read_text())
    assert stat.S_IMODE(contact.stat().st_mode) == 0o600
    assert stat.S_IMODE(Path(about["address"]).stat().st_mode) == 0o600
    assert len(about["address"]) <= 107
    assert len(bytes.fromhex(about["key"])) == 32


def test_a_long_temporary_folder_does_not_break_the_socket(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / ("x" * 90)))
    server = ControlServer(tmp_path / "control.json", lambda _: {"ok": True})
    client = ControlClient(tmp_path / "control.json")
    assert client.ask({})["ok"]
    client.close()
    server.close()


@pytest.mark.parametrize("key", [b"", b"wrong", bytes(32), bytes(33), bytes(70_000)])
def test_a_wrong_key_is_shown_the_door(contact, asked, key):
    connection, _ = raw(contact)
    try:
        # The door may be shut while a long key is still being sent.
        connection.send_bytes(key)
        assert connection.poll(10)
        assert connection.recv_bytes() == b"no"
        connection.send_bytes(b'{"do": "stop"}')
        assert connection.poll(10)
        connection.recv_bytes()
    except (EOFError, OSError):
        pass
    connection.close()
    assert asked == []
    assert ControlClient(contact).ask({})["ok"]


@pytest.mark.parametrize("garbage", [b"", b"\xff\xfe", b"{", b"[" * 30_000, b"3" * 5000, bytes(70_000)])
def test_garbage_ends_that_conversation_and_no_other(contact, asked, garbage):
    other = ControlClient(contact)
    connection, key = raw(contact)
    connection.send_bytes(key)
    assert connection.recv_bytes() == b"welcome"
    try:
        connection.send_bytes(garbage)
        assert connection.poll(10)
        connection.recv_bytes()
    except (EOFError, OSError):
        pass
    connection.close()
    assert asked == []
    assert other.ask({})["ok"]
    other.close()


@pytest.mark.parametrize("document", ["[]", "3", "null", '"stop"'])
def test_what_is_no_request_is_said(contact, asked, document):
    connection, key = raw(contact)
    connection.send_bytes(key)
    assert connection.recv_bytes() == b"welcome"
    connection.send_bytes(document.encode())
    assert json.loads(connection.recv_bytes()) == {"error": "not a request"}
    connection.close()
    assert asked == []


def test_one_who_says_nothing_holds_nobody_up(contact):
    silent, _ = raw(contact)
    client = ControlClient(contact)
    assert client.ask({})["ok"]
    # The silent one is still being waited for.
    assert not silent.poll(0)
    client.close()
    silent.close()


def test_several_at_once_each_get_their_own_answer(contact):
    answers = {}

    def talk(name):
        client = ControlClient(contact)
        answers[name] = [client.ask({"text": f"{name}-{i}"})["echo"] for i in range(50)]
        client.close()

    threads = [threading.Thread(target=talk, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert answers == {name: [f"{name}-{i}" for i in range(50)] for name in "abcd"}


def test_nobody_there_is_said(tmp_path, contact):
    with pytest.raises(InputError, match="not being recorded"):
        ControlClient(tmp_path / "nothing.json")
    stale = tmp_path / "stale.json"
    stale.write_text(json.dumps({"address": str(tmp_path / "gone.sock"), "key": "00", "pid": 1}))
    with pytest.raises(InputError, match="not being recorded"):
        ControlClient(stale)
    for damaged in ("", "[]", '{"address": 3}', "\xff"):
        stale.write_text(damaged)
        with pytest.raises(InputError, match="not being recorded"):
            ControlClient(stale)


def test_a_recorder_that_goes_away_is_said(tmp_path):
    path = tmp_path / "control.json"
    held = threading.Event()
    server = ControlServer(path, lambda _: {"ok": held.wait(20)})
    client = ControlClient(path)
    with pytest.raises(InputError, match=r"did not answer within 0.1 s"):
        client.ask({}, timeout_s=0.1)
    held.set()
    server.close()
    client.close()
