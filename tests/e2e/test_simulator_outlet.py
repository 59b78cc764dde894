"""Outlets, the isolated loopback, and what is said where liblsl is not."""

import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import psutil
import pytest
from support.waiting import wait_for
from support.watching import has_ended

from monitor.lsl.discovery import Finder
from monitor.lsl.library import loopback_config
from monitor.lsl.outlet import ChannelHeader, OutletHeader, open_outlet

EMG = OutletHeader(
    name="Outlet-Test",
    type="EMG",
    source_id="outlet-test",
    rate_hz=100.0,
    channel_format="double64",
    channels=(ChannelHeader("LAT", "µV", "EMG"), ChannelHeader("RAT <&>", "uV", "EMG")),
    manufacturer="Someone",
    model="One",
)
RESOLVE = """
import sys
from monitor.lsl.library import lsl
print(len(lsl().resolve_byprop("name", "Outlet-Test", 1, float(sys.argv[1]))))
"""


def run_python(code, environment, *arguments):
    """Run a few lines in a fresh process, with exactly that environment."""
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=90, check=False)


def test_samples_and_stamps_arrive_as_pushed(receive):
    with open_outlet(EMG) as outlet:
        (inlet,) = receive("Outlet-Test")
        assert outlet.wait_for_consumers(10)
        assert outlet.have_consumers()
        outlet.push_chunk(np.array([[1.5, np.nan], [2.5, -3.0]]), np.array([5.0, 5.25]))
        outlet.push_chunk(np.empty((0, 2)), np.empty(0))
        outlet.push_chunk(np.array([[7.0, 8.0]]), np.array([4.0]))
        outlet.push_chunk(np.array([[9.0, 9.0], [10.0, 11.0]]), 6.0)
        outlet.push_sample((12.0, 13.0), 7.5)
        inlet.pull_until(6)
        expected = [[1.5, np.nan], [2.5, -3.0], [7.0, 8.0], [9.0, 9.0], [10.0, 11.0], [12.0, 13.0]]
        assert np.array_equal(inlet.array(), expected, equal_nan=True)
        assert inlet.stamps == pytest.approx([5.0, 5.25, 4.0, 5.99, 6.0, 7.5])
        inlet.close()


def test_header_is_complete_when_first_seen(receive):
    with open_outlet(EMG):
        (inlet,) = receive("Outlet-Test")
        assert inlet.info.get_channel_labels() == ["LAT", "RAT <&>"]
        assert inlet.info.get_channel_units() == ["µV", "uV"]
        acquisition = inlet.info.desc().child("acquisition")
        assert (acquisition.child_value("manufacturer"), acquisition.child_value("model")) == (
            "Someone",
            "One",
        )
        assert (inlet.header("simulated"), inlet.header("speed"), inlet.header("signal_rate")) == ("", "", "")
        inlet.close()


def test_wrong_shapes_are_refused():
    with open_outlet(EMG) as outlet:
        with pytest.raises(ValueError, match="2 channels"):
            outlet.push_chunk(np.zeros((3, 1)), np.zeros(3))
        with pytest.raises(ValueError, match="3 samples"):
            outlet.push_chunk(np.zeros((3, 2)), np.zeros(2))
        outlet.close()


def test_a_header_without_identity_is_refused():
    with pytest.raises(ValueError, match="source_id"):
        OutletHeader("a", "EMG", "", 1.0, "float32", EMG.channels)


def test_a_process_of_the_same_session_sees_the_stream_and_another_does_not(tmp_path):
    other = tmp_path / "other.cfg"
    other.write_text(loopback_config("another-session", 19_000), encoding="ascii")
    with open_outlet(EMG):
        # It ends as soon as there is one.
        assert run_python(RESOLVE, os.environ, "60").stdout == "1\n"
        assert run_python(RESOLVE, os.environ | {"LSLAPICFG": str(other)}, "1.5").stdout == "0\n"


def test_the_configuration_file_goes_with_its_process(tmp_path):
    code = "from monitor.lsl.library import use_loopback; print(use_loopback())"
    result = run_python(code, os.environ | {"TMPDIR": str(tmp_path)})
    assert result.returncode == 0
    assert not os.path.exists(result.stdout.strip())  # noqa: PTH110
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="another loader")
def test_an_unusable_library_is_one_sentence_with_a_remedy(tmp_path):
    library = tmp_path / "liblsl.so"
    library.write_text("not a library")
    code = """
from monitor.model.errors import MissingError
from monitor.lsl.library import lsl
try:
    lsl()
except MissingError as error:
    print(error.exit_code, error)
"""
    result = run_python(code, os.environ | {"PYLSL_LIB": str(library)})
    assert result.stdout.startswith("3 Lab Streaming Layer")
    assert "PYLSL_LIB" in result.stdout
    assert len(result.stdout.splitlines()) == 1


def test_liblsl_keeps_off_standard_output(tmp_path):
    talkative = tmp_path / "lsl_api.cfg"
    talkative.write_text("[log]\nlevel = 6\n")
    environment = os.environ | {"LSLAPICFG": str(talkative)}
    code = "from monitor.lsl.library import lsl; lsl().StreamInfo('a', 'b', 1, 0, 'float32', 'c')"
    result = run_python(code, environment)
    assert (result.returncode, result.stdout) == (0, "")
    assert "INFO" in result.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
def test_a_simulated_amplifier_does_not_outlive_its_parent(receive):
    code = """
import multiprocessing
from monitor.simulator.amplifier import run_amplifier
process = multiprocessing.get_context("spawn").Process(target=run_amplifier, kwargs={"seed": 17})
process.start()
print(process.pid, flush=True)
process.join()
"""
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    amplifier = psutil.Process(int(parent.stdout.readline()))
    (emg,) = receive("PLMS-Sim-EMG")
    emg.pull_until(10)
    parent.kill()
    parent.communicate(timeout=90)
    wait_for(lambda: has_ended(amplifier), "end of the orphan")


def test_the_index_of_another_bed_is_not_waited_for_as_if_it_were_a_signal():
    """Three seconds for each bed of a ward is how long the next bed's start would take."""
    index = replace(EMG, name="PLMS-Index-7", type="PLMS", source_id="index-7", rate_hz=0.0)
    foreign = replace(index, name="Foreign", type="EMG", source_id="foreign")
    finder = Finder(measure=True)
    with open_outlet(index), open_outlet(foreign):
        wait_for(lambda: len(finder.found()) == 2, "both streams")
        found = {stream.name: stream.measured for _, stream in finder.found()}
    assert found == {"PLMS-Index-7": False, "Foreign": True}
