"""A file that grows, followed over LSL in its own process: every sample, stamped when it was recorded."""

import threading

import edfio
import numpy as np
import pytest
from support.interrupted import interrupted_edf

RATE_HZ, RECORD_S = 200, 0.5
BEFORE, LATER = 8, 12
LEG = np.random.default_rng(5).normal(0, 9, round(RATE_HZ * RECORD_S) * (BEFORE + LATER))


def test_what_is_written_after_the_start_arrives_whole_and_in_time(tmp_path, run_command, receive):
    signal = edfio.EdfSignal(LEG, RATE_HZ, label="LAT", physical_dimension="uV", physical_range=(-100, 100))
    whole_path = tmp_path / "whole.edf"
    edfio.Edf([signal], annotations=[], data_record_duration=RECORD_S).write(whole_path)
    whole = whole_path.read_bytes()
    head_n = 256 * 3
    record_n = (len(whole) - head_n) // (BEFORE + LATER)
    path = tmp_path / "night.edf"
    path.write_bytes(whole[: head_n + BEFORE * record_n])
    process = run_command("replay", str(path), "--follow", "--delay", "1")
    legs, _ = receive("night", "night-Markers")
    stop = threading.Event()

    def write():
        with path.open("ab") as file:
            for record in range(BEFORE, BEFORE + LATER):
                if stop.wait(RECORD_S):
                    return
                file.write(whole[head_n + record * record_n :][:record_n])
                file.flush()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        legs.pull_until(round(RATE_HZ * RECORD_S) * LATER)
    finally:
        stop.set()
        writer.join()
    got = legs.array()[:, 0]
    # It begins a second before the end of what was there then, and nothing is missing from there on.
    matches = [at for at in range(len(LEG) - 50) if np.allclose(LEG[at : at + 50], got[:50], atol=0.002)]
    assert len(matches) == 1
    assert matches[0] >= (BEFORE - 3) * RATE_HZ * RECORD_S
    np.testing.assert_allclose(got, LEG[matches[0] : matches[0] + len(got)], atol=0.002)
    np.testing.assert_allclose(np.diff(legs.stamps), 1 / RATE_HZ, atol=1e-6)
    process.terminate()
    assert process.wait(20) == 0


def test_a_pause_of_an_interrupted_file_stays_a_pause(tmp_path, run_command, receive):
    records, pause_s, after = BEFORE + LATER, 2.0, 4
    onsets_s = [i * RECORD_S + (pause_s if i >= records - after else 0.0) for i in range(records)]
    interrupted_edf(tmp_path / "paused.edf", LEG, onsets_s, RECORD_S)
    process = run_command("replay", str(tmp_path / "paused.edf"), "--follow", "--delay", "6")
    legs, _ = receive("paused", "paused-Markers")
    # Two seconds of signal, two of nothing, two of signal.
    legs.pull_until(round(2 * after * RECORD_S * RATE_HZ))
    steps_s = np.diff(legs.stamps)
    (at,) = np.flatnonzero(steps_s > 0.5)
    assert steps_s[at] == pytest.approx(pause_s + 1 / RATE_HZ, abs=1e-4)
    assert len(legs.stamps) - 1 - at == round(after * RECORD_S * RATE_HZ)
    np.testing.assert_allclose(np.delete(steps_s, at), 1 / RATE_HZ, atol=1e-6)
    process.terminate()
    assert process.wait(20) == 0


def test_follow_takes_no_speed_and_no_xdf(tmp_path, run_command):
    (tmp_path / "night.xdf").write_bytes(b"XDF:")
    for arguments, words in (
        (["--follow"], "is not an EDF or BDF file"),
        (["--follow", "--speed", "2"], "is sent at speed 1"),
    ):
        process = run_command("replay", str(tmp_path / "night.xdf"), *arguments)
        _, stderr = process.communicate(timeout=90)
        assert process.returncode != 0
        assert words in stderr.splitlines()[-1]
