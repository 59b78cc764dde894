"""The simulated amplifier as another process, met by a plain LSL receiver."""

import multiprocessing
import os
import signal
import sys

import numpy as np
import pytest
from support.waiting import PATIENCE_S, wait_for

from monitor.lsl.library import lsl
from monitor.simulator.amplifier import run_amplifier
from monitor.simulator.emg import SignalGenerator
from monitor.simulator.schedule import Schedule

EMG, MARKERS = "PLMS-Sim-EMG", "PLMS-Sim-Markers"


@pytest.fixture
def amplifier():
    """Start a simulated amplifier as ``demo`` does; ended after the test."""
    context = multiprocessing.get_context("spawn")
    stop = context.Event()
    processes = []

    def start(**settings):
        process = context.Process(target=run_amplifier, kwargs=settings | {"stop_event": stop})
        process.start()
        processes.append(process)
        return process, stop

    yield start
    stop.set()
    for process in processes:
        process.join(PATIENCE_S)
        assert process.exitcode is not None, "the amplifier did not end when told to"
        process.close()


def test_stream_is_the_schedule_sample_by_sample(amplifier, receive):
    amplifier(seed=11, rate_hz=250.0, speed=20.0, wait_for_receiver=True)
    emg, markers = receive(EMG, MARKERS)
    emg.pull_until(250 * 65)
    expected = SignalGenerator(Schedule(11, "demo"), 250.0).read(0, len(emg.stamps))
    assert np.array_equal(emg.array(), expected.astype(np.float32))
    # Stamps lie on one straight line at wall pace.
    line_s = emg.stamps[0] + np.arange(len(emg.stamps)) / 5000.0
    assert np.abs(np.array(emg.stamps) - line_s).max() < 1e-6
    markers.pull_until(3)
    assert markers.texts()[:3] == ["lights_off", "N2", "N2"]
    assert np.array(markers.stamps[:3]) - emg.stamps[0] == pytest.approx([0.0, 0.0, 1.5], abs=1e-6)


def test_a_stage_is_told_when_its_epoch_is_over_and_not_before(amplifier, receive):
    amplifier(seed=11, rate_hz=250.0, speed=30.0, wait_for_receiver=True)
    _, markers = receive(EMG, MARKERS)
    markers.pull_until(2)
    assert markers.texts()[1] == "N2"
    # The receiver's clock is the sender's, and the epoch is one second long at this speed.
    assert lsl().local_clock() - markers.stamps[1] >= 1.0


def test_headers_say_what_it_is(amplifier, receive):
    amplifier(seed=12, rate_hz=500.0, speed=4.0)
    emg, markers = receive(EMG, MARKERS)
    assert (emg.info.type(), emg.info.source_id()) == ("EMG", "plms-sim-emg-12")
    assert (emg.info.nominal_srate(), emg.info.channel_count()) == (2000.0, 3)
    assert emg.info.channel_format() == lsl().cf_float32
    assert emg.info.get_channel_labels() == ["LAT", "RAT", "ECG"]
    assert emg.info.get_channel_units() == ["microvolts"] * 3
    assert emg.info.get_channel_types() == ["EMG", "EMG", "ECG"]
    assert emg.info.desc().child("acquisition").child_value("manufacturer")
    assert (float(emg.header("signal_rate")), float(emg.header("speed")), emg.header("simulated")) == (
        500.0,
        4.0,
        "1",
    )
    assert (markers.info.type(), markers.info.nominal_srate()) == ("Markers", 0.0)
    assert markers.info.channel_format() == lsl().cf_string
    assert (markers.header("simulated"), float(markers.header("speed"))) == ("1", 4.0)


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="no way to freeze a process here")
def test_after_a_stall_it_catches_up_and_loses_nothing(amplifier, receive):
    process, _ = amplifier(seed=13, rate_hz=250.0, wait_for_receiver=True)
    emg, _ = receive(EMG, MARKERS)
    emg.pull_until(100)
    frozen_s = lsl().local_clock()
    os.kill(process.pid, signal.SIGSTOP)
    try:
        while lsl().local_clock() < frozen_s + 0.8:
            emg.pull()
    finally:
        os.kill(process.pid, signal.SIGCONT)
    # Back to real time: the newest sample is young again.
    wait_for(lambda: emg.pull() or lsl().local_clock() - emg.stamps[-1] < 0.1, "fresh sample")
    assert np.diff(emg.stamps) == pytest.approx(1 / 250.0, abs=1e-6)
    expected = SignalGenerator(Schedule(13, "demo"), 250.0).read(0, len(emg.stamps))
    assert np.array_equal(emg.array(), expected.astype(np.float32))


def test_it_ends_by_itself_after_its_hours_with_every_sample_sent(amplifier, receive):
    process, _ = amplifier(seed=14, rate_hz=200.0, speed=60.0, hours=60 / 3600, wait_for_receiver=True)
    emg, markers = receive(EMG, MARKERS)
    emg.pull_until(12_000)
    markers.pull_until(3)
    emg.close()
    markers.close()
    process.join(PATIENCE_S)
    assert process.exitcode == 0
    assert len(emg.stamps) == 12_000


def test_told_to_stop_it_ends_at_once(amplifier, receive):
    process, stop = amplifier(seed=15, wait_for_receiver=True)
    emg, _ = receive(EMG, MARKERS)
    emg.pull_until(10)
    stop.set()
    process.join(PATIENCE_S)
    assert process.exitcode == 0


@pytest.mark.skipif(sys.platform == "win32", reason="no such signals")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_command_ends_cleanly_on_a_signal(run_command, receive, number):
    process = run_command("simulate", "--seed", "16")
    (emg,) = receive(EMG)
    emg.pull_until(10)
    process.send_signal(number)
    stdout, stderr = process.communicate(timeout=90)
    assert process.returncode == 0
    assert stdout == ""
    assert "Traceback" not in stderr
