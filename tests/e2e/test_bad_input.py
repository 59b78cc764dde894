"""What cannot be used is one plain sentence with a remedy, the right exit code, and no session left."""

import os
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from support.waiting import repeated
from support.watching import run, session_paths

from monitor.cli import cli
from monitor.lsl.library import lsl
from monitor.lsl.outlet import ChannelHeader, OutletHeader, open_outlet


def emg(name, labels=("LAT", "RAT"), unit="uV", rate_hz=500.0, kind="EMG", source_id=None):
    channels = tuple(ChannelHeader(label, unit, "EMG") for label in labels)
    return OutletHeader(name, kind, source_id or f"id-{name}", rate_hz, "float32", channels)


def refused(result, code, *words, sessions):
    """Check one sentence with these words, this exit code, and no session folder."""
    said = result.stderr
    assert result.returncode == code, said + result.stdout
    assert "Traceback" not in said
    for word in words:
        assert word in said, said
    assert session_paths(sessions) == []


@pytest.fixture
def watch(tmp_path):
    def start(*arguments, environment=None, sessions=tmp_path / "sessions"):
        return run(
            "watch",
            "--headless",
            "--wait",
            "6",
            "--sessions",
            str(sessions),
            *arguments,
            environment=environment,
        )

    return start


BAD_WISHES = {
    "wrong channel": (emg("Bad-Channel"), ["--left", "LATT"], ["'LATT'", "left", "channels: LAT, RAT"]),
    "unknown unit": (emg("Bad-Unit", unit="bananas"), [], ["'bananas'", "--unit"]),
    "slow": (emg("Slow", rate_hz=50.0), [], ["50 Hz", "at least 100 Hz"]),
}


@pytest.mark.parametrize("case", BAD_WISHES)
def test_a_stream_that_cannot_be_scored_is_refused_with_the_remedy(watch, tmp_path, case):
    header, arguments, words = BAD_WISHES[case]
    with open_outlet(header):
        result = watch("--stream", header.name, *arguments)
    refused(result, 2, header.name, *words, sessions=tmp_path / "sessions")
    assert len(result.stderr.splitlines()) == 1


def test_text_is_no_emg(watch, tmp_path):
    header = OutletHeader("Words", "EMG", "id-words", 0.0, "string", (ChannelHeader("m", "", ""),))
    with open_outlet(header):
        refused(watch("--stream", "Words"), 2, "only marker streams", sessions=tmp_path / "sessions")


def test_an_irregular_numeric_stream_is_no_emg(watch, tmp_path):
    uneven = np.random.default_rng(1)
    with (
        open_outlet(emg("Irregular", rate_hz=0.0)) as outlet,
        repeated(
            lambda: outlet.push_sample((1.0, 2.0), lsl().local_clock() + uneven.exponential(0.01)), 0.01
        ),
    ):
        result = watch("--stream", "Irregular")
    refused(result, 2, "Irregular", "not evenly", sessions=tmp_path / "sessions")


def test_a_query_that_fits_two_streams_lists_them(watch, tmp_path):
    with open_outlet(emg("Twin", source_id="twin-a")), open_outlet(emg("Twin", source_id="twin-b")):
        refused(
            watch("--stream", "Twin"),
            2,
            "matches 2 streams",
            "select exactly one",
            sessions=tmp_path / "sessions",
        )


BAD_ARGUMENTS = {
    "malformed predicate": (["--stream", "pred=type='EMG"], ["type='EMG", "XPath"]),
    "unknown field": (["--stream", "host=x"], ["host=x", "source_id=X"]),
    "empty query": (["--stream", "name="], ["name=", "has no value"]),
    "bad bed": (["--bed", "../x"], ["--bed", "'../x'", "letters"]),
    "bad study": (["--study", "Jane Doe"], ["--study", "'Jane Doe'"]),
    "same channel": (
        ["--left", "LAT", "--right", "LAT"],
        ["--left and --right", "'LAT'", "two different channels"],
    ),
    "unit": (["--unit", "bananas"], ["--unit", "'bananas'"]),
    "no unit at all": (["--unit", "0 uV"], ["--unit", "'0 uV'"]),
    "no configuration": (["--config", "nowhere.toml"], ["--config", "'nowhere.toml'", "default"]),
    "rules": (["--rules", "aasm9"], ["--rules", "aasm9", "wasm2016"]),
    "wait": (["--wait", "-1"], ["--wait", "-1"]),
}


@pytest.mark.parametrize("case", BAD_ARGUMENTS)
def test_bad_arguments_are_refused_by_name(tmp_path, case):
    # Refused before anything is started, so it needs no process of its own.
    arguments, words = BAD_ARGUMENTS[case]
    result = CliRunner().invoke(cli, ["watch", "--headless", "--sessions", str(tmp_path), *arguments])
    assert result.exit_code == 2
    for word in words:
        assert word in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_predicate_that_only_liblsl_can_refuse(watch, tmp_path):
    predicate = "type='EMG' and"
    refused(watch("--stream", f"pred={predicate}"), 2, predicate, "XPath", sessions=tmp_path / "sessions")


def test_a_name_with_both_quotes_can_be_asked_for(watch, tmp_path):
    name = """Lab's "old" amplifier"""
    with open_outlet(emg(name, labels=("C3", "C4"), source_id="id-quotes")):
        refused(watch("--stream", name), 2, "C3, C4", sessions=tmp_path / "sessions")


def test_a_bad_configuration_tells_all_its_errors_at_once(watch, tmp_path):
    bad = tmp_path / "bad.toml"
    bad.write_text('[rules]\nmain_profile = "aasm2"\n[legs]\nlefft = "LAT"\n[detector]\nlow_hz = "many"\n')
    result = watch("--config", str(bad))
    refused(
        result, 2, str(bad), "rules.main_profile", "'aasm2'", "legs.lefft", "detector.low_hz", "'many'",
        sessions=tmp_path / "sessions",
    )  # fmt: skip
    assert run("config", "check", str(bad)).stderr == result.stderr


def test_no_stream_within_the_wait_is_exit_3(tmp_path):
    sessions = tmp_path / "sessions"
    result = run("watch", "--headless", "--wait", "1", "--sessions", str(sessions), "--stream", "Nowhere")
    refused(result, 3, "Waited 1 s", "name=Nowhere", sessions=sessions)


@pytest.mark.parametrize("what", ["a file", "below a file"])
def test_a_sessions_folder_that_cannot_be_written_to(watch, tmp_path, what):
    file = tmp_path / "file"
    file.write_text("here")
    sessions = file if what == "a file" else file / "sessions"
    result = watch("--stream", "Nowhere", sessions=sessions)
    assert result.returncode == 2, result.stderr
    assert str(sessions) in result.stderr
    assert "--sessions" in result.stderr
    assert file.read_text() == "here"


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="no /proc")
def test_a_sessions_folder_that_refuses_even_root(watch):
    result = watch("--stream", "Nowhere", sessions=Path("/proc/plms"))
    assert result.returncode == 2, result.stderr
    assert "cannot be written to" in result.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="another loader")
@pytest.mark.parametrize("command", [["watch", "--headless", "--wait", "1"], ["streams", "--wait", "0"]])
def test_without_liblsl_it_says_what_to_install(tmp_path, command):
    library = tmp_path / "liblsl.so"
    library.write_text("not a library")
    sessions = ["--sessions", str(tmp_path / "sessions")] if command[0] == "watch" else []
    result = run(*command, *sessions, environment=os.environ | {"PYLSL_LIB": str(library)})
    refused(result, 3, "liblsl", "PYLSL_LIB", sessions=tmp_path / "sessions")
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize("command", ["stop", "recover"])
def test_what_is_no_session_is_said(tmp_path, command):
    result = run(command, str(tmp_path))
    assert result.returncode == 2
    assert "not a session folder" in result.stderr


@pytest.mark.smoke
def test_streams_reads_each_stream_and_guesses_nothing():
    with (
        open_outlet(emg("Good")),
        open_outlet(emg("Nameless", labels=("", ""), unit="")),
        open_outlet(
            OutletHeader("Notes", "Markers", "id-notes", 0.0, "string", (ChannelHeader("m", "", ""),))
        ),
    ):
        said = run("streams", "--wait", "3").stdout
    good, nameless, notes = said.split("'Good'")[1], said.split("'Nameless'")[1], said.split("'Notes'")[1]
    assert "left leg: channel LAT in uV" in good
    assert "right leg: channel RAT in uV" in good
    assert "2 channels without names: #1, #2" in nameless
    assert "--left CH" in nameless
    assert "marker stream" in notes


def test_streams_hints_at_the_unit_that_a_header_does_not_tell():
    rng = np.random.default_rng(3)
    done = threading.Event()
    with open_outlet(emg("Unitless", unit="")) as outlet:

        def send():
            while not done.wait(0.02):
                outlet.push_chunk(
                    rng.normal(0, 0.002, (10, 2)), lsl().local_clock() - np.arange(10)[::-1] / 500
                )

        sender = threading.Thread(target=send)
        sender.start()
        try:
            said = run("streams", "--wait", "3").stdout.split("'Unitless'")[1]
        finally:
            done.set()
            sender.join()
    assert "channel LAT (left leg): the header has no unit; set it with --unit" in said
    assert "so mV is plausible" in said
