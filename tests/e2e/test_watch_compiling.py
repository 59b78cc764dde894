"""A first start: the recording begins at once, the detector is compiled beside it and catches up."""

import os
import shutil
import sys
from contextlib import suppress
from signal import SIGINT

import numpy as np
import psutil
import pytest
import pyxdf
from support.waiting import wait_for
from support.watching import Command, Listener, Watch, closed, movement_rows, of_kind, run, whole_facts

import dsp
from monitor.session.control import ControlClient
from monitor.session.signal.xdf_format import tally

SEED, RATE_HZ = 5, 500.0
COMPILING = "The detector is being compiled"
# A busy computer compiles for minutes.
COMPILED_S = 900.0
pytestmark = pytest.mark.timeout(COMPILED_S + 300.0)


def cache_without(tmp_path, *missing):
    """Return the environment of a cache folder that lacks these kernels; of an empty one without any."""
    place = tmp_path / "cache"
    if missing:
        dsp.warm_up()
        if dsp.cache_report.folder is None:
            pytest.skip("no cache folder here")
        place.mkdir(mode=0o700)
        lacking = shutil.ignore_patterns(*(f"{name}-*" for name in missing))
        shutil.copytree(dsp.cache_report.folder, place / dsp.cache_report.folder.name, ignore=lacking)
    return os.environ | {"NUMBA_CACHE_DIR": str(place), "XDG_DATA_HOME": str(tmp_path / "data")}


@pytest.fixture
def record(tmp_path):
    """Start a recording of the simulated amplifier, with a cache that lacks kernels."""
    begun = []

    def start(*missing, speed=1.0, duration_s=3600.0, inside=(), **variables):
        environment = cache_without(tmp_path, *missing) | variables
        simulate = ("simulate", "--seed", str(SEED), "--speed", str(speed), "--wait-for-receiver")
        begun.append(Command(tmp_path / "amplifier.log", *simulate))
        stream = f"source_id=plms-sim-emg-{SEED}"
        watch = Watch(
            tmp_path / "sessions", "--bed", "cold", "--stream", stream, "--duration", str(duration_s),
            environment=environment, inside=inside,
        )  # fmt: skip
        begun.append(watch)
        return watch

    yield start
    for each in begun:
        each.kill()


def status(folder):
    client = ControlClient(folder)
    try:
        return client.ask({"do": "status"})
    finally:
        client.close()


def stamps_on_disk(folder):
    """Return the stamps of the legs' samples in the file."""
    streams, _ = pyxdf.load_xdf(folder.recording, synchronize_clocks=False, dejitter_timestamps=False)
    return next(s["time_stamps"] for s in streams if len(s["time_stamps"]) and s["info"]["type"] == ["EMG"])


def test_a_recorder_that_is_killed_while_it_compiles_has_lost_nothing(record, tmp_path):
    watch = record()
    folder = watch.folder
    watch.wait_for(folder.control.exists, "control channel")
    watch.wait_for(lambda: status(folder)["waiting_s"] > 8.0, "eight seconds of signal")
    asked = status(folder)
    assert asked["compiled_share"] < 1.0

    def written_s():
        return max((kept.n_samples for kept in tally(folder.recording).values()), default=0) / RATE_HZ

    # What was received is written each tenth of a second, where compiling leaves it one.
    watch.wait_for(lambda: written_s() > asked["recorded_s"] - 0.5, "signal on disk")
    compilers = psutil.Process(watch.process.pid).children(recursive=True)
    assert compilers
    watch.process.kill()
    watch.process.wait()
    wait_for(lambda: not any(each.is_running() for each in compilers), "the end of its compilers")
    assert COMPILING in watch.said
    facts = whole_facts(folder.journal)
    assert of_kind(facts, "anchor")
    assert not of_kind(facts, "movement")
    assert run("recover", str(folder.path)).returncode == 0
    stamps = stamps_on_disk(folder)
    assert len(stamps) / RATE_HZ > asked["recorded_s"] - 0.5
    np.testing.assert_allclose(np.diff(stamps), 1 / RATE_HZ, atol=1e-6)
    scored = run("score", str(folder.recording), "--out", str(tmp_path / "out"))
    assert scored.returncode == 0, scored.stderr


def test_what_was_recorded_while_the_detector_was_compiled_is_detected_afterwards(record, tmp_path):
    watch = record("run", "detector", speed=20.0, duration_s=125.0)
    heard = Listener("PLMS-Markers-cold")
    assert watch.end(COMPILED_S) == 0, watch.said
    heard.close()
    folder = watch.folder
    assert COMPILING in watch.said
    facts = whole_facts(folder.journal)
    movements = closed(facts)
    assert len(movements) >= 3
    # The markers are stamped with the time of what they name, not with that of the detector.
    stamps = [stamp for text, stamp in zip(heard.texts(), heard.stamps, strict=True) if "/closed" in text]
    ends = np.array([fact.t for fact in movements])
    np.testing.assert_allclose(np.diff(stamps), np.diff(ends) / 20.0, atol=0.001)
    assert run("score", str(folder.recording), "--out", str(tmp_path / "out")).returncode == 0
    live, again = movement_rows(folder.path), movement_rows(tmp_path / "out" / "recording")
    assert [leg for leg, *_ in live] == [leg for leg, *_ in again]
    np.testing.assert_allclose([row[1:] for row in live], [row[1:] for row in again], atol=0.002)


@pytest.mark.skipif(not shutil.which("setsid"), reason="a terminal of POSIX")
def test_a_request_to_all_processes_ends_the_recording_and_not_the_compilation(record, tmp_path):
    # Without `run` it takes a quick computer longer, too, than the signal that is waited for.
    watch = record("run", "detector", speed=20.0, inside=("setsid",))
    folder = watch.folder
    watch.wait_for(folder.control.exists, "control channel")
    watch.wait_for(lambda: status(folder)["waiting_s"] > 40.0, "forty seconds of signal")
    compilers = psutil.Process(watch.process.pid).children(recursive=True)
    # To all processes of the terminal, as Ctrl-C does, or of the service.
    os.killpg(watch.process.pid, SIGINT)
    for each in compilers:
        with suppress(psutil.NoSuchProcess):
            each.terminate()
    assert watch.end(COMPILED_S) == 0, watch.said
    assert "Traceback" not in watch.said
    assert list((tmp_path / "cache").rglob("detector-*.native"))
    assert not list((tmp_path / "cache").rglob("*.part"))
    facts = whole_facts(folder.journal)
    assert facts[-1].kind == "stop"
    assert closed(facts)


def test_without_a_compiler_the_signal_is_recorded_and_scored_later(record, tmp_path):
    (tmp_path / "numba").mkdir()
    (tmp_path / "numba" / "__init__.py").write_text("raise ImportError('Numba needs another NumPy')")
    watch = record(speed=20.0, duration_s=125.0, PYTHONPATH=os.pathsep.join([str(tmp_path), *sys.path]))
    assert watch.end() == 0, watch.said
    folder = watch.folder
    why = "The detector cannot be compiled (ImportError: Numba needs another NumPy)"
    assert why in watch.said
    facts = whole_facts(folder.journal)
    assert [why in fact.data["reason"] for fact in of_kind(facts, "warning")] == [True]
    assert not closed(facts)
    assert len(stamps_on_disk(folder)) / RATE_HZ > 120.0
    assert run("score", str(folder.recording), "--out", str(tmp_path / "out")).returncode == 0
    assert len(movement_rows(tmp_path / "out" / "recording")) >= 3
