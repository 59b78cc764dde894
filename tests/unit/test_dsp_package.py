"""The edges of the package: where its compiled code is cached, how its filter is designed and calibrated."""

import os
import shutil
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest
from scipy import signal

import dsp
from dsp import DetectorSettings
from dsp._cache import cache_folder, source_key
from dsp.calibration import calibrate
from dsp.sections import are_notches
from monitor.detection.filters import design_filters

PACKAGE = Path(dsp.__file__).parent


@pytest.mark.parametrize("edited", ["settings.py", "kernels/baseline.py"])
def test_an_edit_of_any_source_asks_for_another_folder(edited, tmp_path):
    shutil.copytree(PACKAGE, tmp_path, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    before = source_key(tmp_path)
    assert before == source_key(PACKAGE) == source_key()
    helper = tmp_path / edited
    helper.write_text(helper.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    assert source_key(tmp_path) != before


def test_the_cache_is_the_users_own(tmp_path, monkeypatch):
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "cache"))
    folder = cache_folder()
    assert folder == tmp_path / "cache" / source_key()
    assert folder.is_dir()


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="POSIX modes")
def test_a_home_that_cannot_be_written_to_falls_back_to_a_private_temporary_folder(tmp_path, monkeypatch):
    blocked = tmp_path / "file"
    blocked.write_text("not a folder", encoding="utf-8")
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(blocked))
    monkeypatch.setattr(tempfile, "gettempdir", lambda: str(tmp_path / "temp"))
    (tmp_path / "temp").mkdir()
    folder = cache_folder()
    assert folder.is_relative_to(tmp_path / "temp")
    for each in (folder, folder.parent):
        assert stat.S_IMODE(each.stat().st_mode) == 0o700


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="POSIX modes")
def test_a_folder_that_others_may_write_to_is_not_taken(tmp_path, monkeypatch):
    open_to_all = tmp_path / "cache"
    open_to_all.mkdir()
    open_to_all.chmod(0o777)
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(open_to_all))
    assert not cache_folder().is_relative_to(open_to_all)


def test_after_the_warm_up_the_live_path_compiles_nothing():
    dsp.warm_up()
    program = """
import sys
import numpy as np
import dsp
from monitor.detection.filters import design_filters
settings = dsp.DetectorSettings()
detector = dsp.LegDetector(settings, 500.0, design_filters(500.0, settings))
x = np.random.default_rng(1).standard_normal(5000)
detector.process(x)
detector.finish()
detector.reset(7)
report = dsp.cache_report
assert (report.ready_share, report.loaded_n, report.compiled_n, report.notes()) == (1.0, 1, 0, [])
assert "numba" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.mark.parametrize("fs", [200.0, 256.0, 500.0, 1111.111, 20000.0])
def test_the_filter_passes_the_band_and_stops_mains(fs):
    settings = DetectorSettings()
    sos = design_filters(fs, settings)
    assert np.all(np.abs(np.roots(np.convolve(*sos[:2, 3:]))) < 1)

    def gain(hz):
        return abs(signal.freqz_sos(sos, [hz], fs=fs)[1][0])

    assert gain(80) > 0.9
    assert gain(5) < 0.01
    for hz in (50, 60, 100, 120, 150, 180):
        if hz < 0.45 * fs:
            assert gain(hz) < 1e-6
            assert gain(hz + 0.1) < 0.05


@pytest.mark.parametrize("fs", [50.0, 66.0])
def test_a_rate_without_a_band_is_refused(fs):
    with pytest.raises(ValueError, match="no band"):
        design_filters(fs, DetectorSettings())


@pytest.mark.parametrize("fs", [200.0, 500.0, 2000.0])
def test_the_calibration_makes_the_envelope_of_noise_read_its_rms(fs):
    settings = DetectorSettings()
    sos = design_filters(fs, settings)
    known = calibrate(settings, fs, sos)
    assert sum(are_notches(sos)) == (2 if fs == 200 else 6)
    assert 0.003 < known.delay_s < 0.03
    band = sos[~are_notches(sos)]
    x = np.random.default_rng(2).standard_normal(int(120 * fs))
    x *= 3.0 / signal.sosfilt(band, x).std()
    detector = dsp.LegDetector(settings, fs, sos)
    levels = []
    for i in range(0, x.size, int(fs / 10)):
        detector.process(x[i : i + int(fs / 10)])
        levels.append(detector.envelope_uv)
    assert np.sqrt(np.mean(np.square(levels[20:]))) == pytest.approx(3.0, rel=0.08)
    assert detector.resting_uv == pytest.approx(3.0, rel=0.15)
