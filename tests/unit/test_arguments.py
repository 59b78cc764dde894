"""Arguments that no command can use: one sentence that names the option and the value, and exit code 2."""

import errno
import os
import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner
from support.sessions import beginning, make_session

from monitor.cli import cli
from monitor.model.errors import InputError, path_error
from monitor.recorder.editor import Editor
from monitor.session.folder import SessionFolder

LONG = "x" * 300
NOT_UTF8 = os.fsdecode(b"b\xffd")


def said(*arguments: str) -> str:
    done = CliRunner().invoke(cli, arguments)
    assert done.exit_code == 2, done.output
    return done.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    "arguments",
    [
        ("watch", "--headless", "--wait"),
        ("watch", "--headless", "--duration"),
        ("demo", "--headless", "--duration"),
        ("demo", "--headless", "--speed"),
        ("simulate", "--rate"),
        ("simulate", "--hours"),
        ("simulate", "--ecg-leak"),
        ("streams", "--wait"),
        ("ward", "--headless", "--duration"),
        ("ward", "--headless", "--unseen"),
        ("replay", "none.edf", "--delay"),
        ("score-events", "none.tsv", "--epoch"),
        ("compare", "a", "b", "--min-iou"),
    ],
)
def test_no_option_takes_what_is_no_number(arguments):
    option = arguments[-1]
    assert said(*arguments, "nan") == f"Error: Invalid value for '{option}': 'nan' is not a finite number."
    assert said(*arguments, "1,5") == f"Error: Invalid value for '{option}': '1,5' is not a valid number."
    assert option in said(*arguments, "inf")


@pytest.mark.parametrize("arguments", [("streams", "--wait", "1e20"), ("simulate", "--hours", "1e20")])
def test_a_number_too_large_for_anything_is_refused(arguments):
    assert "is not in the range" in said(*arguments)


@pytest.mark.parametrize(
    "arguments",
    [
        ("stop", LONG),
        ("review", LONG),
        ("recover", LONG),
        ("report", LONG, "--out", "r.pdf"),
        ("replay", LONG),
        ("score", LONG, "--out", "o"),
        ("config", "check", LONG),
        ("compare", LONG, LONG),
        ("simulate", "--edf", LONG),
    ],
)
def test_a_path_that_the_system_refuses_is_named(tmp_path, monkeypatch, arguments):
    monkeypatch.chdir(tmp_path)
    assert (
        said(*arguments)
        == f"plms-monitor: {LONG}: cannot be used (File name too long); expected a shorter name"
    )


def test_a_path_in_a_folder_of_another_user_is_named():
    refused = path_error(PermissionError(errno.EACCES, "Permission denied", "/home/kim/session"))
    assert str(refused) == (
        "/home/kim/session: cannot be used (Permission denied); "
        "check the permissions of it and of the folders above"
    )


@pytest.mark.parametrize(
    "err", [OSError(errno.EIO, "I/O error", "journal.jsonl"), PermissionError(errno.EPERM, "not permitted")]
)
def test_an_error_of_the_disk_or_without_a_path_is_no_wrong_argument(err):
    assert path_error(err) is None


@pytest.mark.parametrize("folder", [".", "/"])
def test_a_folder_without_a_name_is_no_recording(tmp_path, folder):
    assert "it is a folder; expected a file" in said("score", folder, "--out", str(tmp_path))


def test_a_file_that_cannot_be_looked_for_fails_alone(tmp_path):
    night = tmp_path / "night.edf"
    made = CliRunner().invoke(cli, ["simulate", "--edf", str(night), "--hours", "0.02", "--rate", "250"])
    assert made.exit_code == 0, made.output
    done = CliRunner().invoke(cli, ["score", LONG, str(night), "--out", str(tmp_path / "out")])
    assert done.exit_code == 2
    assert f"plms-monitor: {LONG}: cannot be " in done.stderr
    assert (tmp_path / "out" / "night" / "summary.json").is_file()


@pytest.mark.parametrize("option", ["--stream", "--left", "--right"])
def test_an_argument_that_is_no_text_is_refused_before_anything_starts(option):
    assert said("watch", "--headless", "--wait", "0", option, NOT_UTF8) == (
        f"plms-monitor: {option}: {NOT_UTF8!r} is not text in UTF-8"
    )


def test_an_empty_argument_is_not_taken_for_a_missing_one(tmp_path):
    assert "--config: file '' was not found" in said("config", "check", "")
    empty = said("score", "night.edf", "--out", str(tmp_path), "--scheduler", "")
    assert empty == "plms-monitor: --scheduler: is empty; expected an address such as tcp://host:8786"


def test_a_command_that_is_printed_can_be_pasted(tmp_path):
    night = tmp_path / "night #1 of two.edf"
    night.write_bytes(b"0")
    assert f"plms-monitor replay {shlex.quote(str(night))}, and in" in said("review", str(night), "--edit")
    session = make_session(tmp_path / "bed #3" / "2026-11-20T221500Z_bed-3", beginning()).path
    with pytest.raises(InputError) as refused:
        Editor(SessionFolder.open(session))
    assert shlex.split(str(refused.value))[-2:] == ["recover", str(session)]


def test_every_printed_command_quotes_its_path():
    for source in sorted((Path(__file__).parents[2] / "monitor").rglob("*.py")):
        for found in re.finditer(r"plms-monitor [a-z-]+ \{(\w+)", source.read_text(encoding="utf-8")):
            assert found[1] == "argument" or source.name == "texts.py", (source, found[0])


@pytest.mark.parametrize(
    ("arguments", "option"),
    [
        (("replay", "night.edf", "--delay", "3"), "--delay: 3 without --follow"),
        (("simulate", "--edf", "a.edf", "--wait-for-receiver"), "--wait-for-receiver: given with --edf"),
        (("simulate", "--edf", "a.edf", "--truth", "a.edf"), "--edf and --truth: are both a.edf"),
        (
            ("export", ".", "--format", "csv", "--out", "o", "--all-channels"),
            "--all-channels: given with --format csv",
        ),
        (("ward", "--duration", "1"), "--duration: 1 with a window"),
    ],
)
def test_an_option_that_would_do_nothing_is_refused(tmp_path, monkeypatch, arguments, option):
    monkeypatch.chdir(make_session(tmp_path / "2026-11-20T221500Z_bed-3", beginning()).path)
    monkeypatch.setattr("monitor.cli.ward.why_no_window", lambda: "")
    assert said(*arguments).startswith(f"plms-monitor: {option}")
    assert not list(tmp_path.rglob("a.edf"))
