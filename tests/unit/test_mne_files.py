"""BrainVision, GDF and FIF recordings, and annotations in FIF, by MNE-Python (extra ``formats``)."""

from __future__ import annotations

import json
import struct
import sys
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from monitor import read_events
from monitor.cli.score import score
from monitor.files import read_recording
from monitor.model.errors import InputError, MissingError

mne = pytest.importorskip("mne")
RATE_HZ = 500
ONSETS_S = (30, 55, 80, 105, 130, 155)


def emg_uv() -> np.ndarray:
    values = np.random.default_rng(4).normal(0.0, 2.0, (2, 200 * RATE_HZ))
    for onset_s in ONSETS_S:
        values[:, onset_s * RATE_HZ : (onset_s + 2) * RATE_HZ] *= 15
    return values


def brainvision(folder: Path) -> Path:
    """Write the three files as the amplifiers' own program does: int16, 0.1 uV, markers in samples."""
    (folder / "night.eeg").write_bytes(np.round(emg_uv().T * 10).astype("<i2").tobytes())
    stages = "".join(f"Mk{i + 2}=Comment,Sleep stage N2,{1 + i * 30 * RATE_HZ},0,0\n" for i in range(6))
    (folder / "night.vmrk").write_text(
        "Brain Vision Data Exchange Marker File, Version 1.0\n\n[Common Infos]\nCodepage=UTF-8\n"
        "DataFile=night.eeg\n\n[Marker Infos]\n"
        f"Mk1=New Segment,,1,1,0,20261120223000000000\n{stages}Mk8=Stimulus,S  2,5000,1,0\n",
        encoding="utf-8",
    )
    header = folder / "night.vhdr"
    header.write_text(
        "Brain Vision Data Exchange Header File Version 1.0\n\n[Common Infos]\nCodepage=UTF-8\n"
        "DataFile=night.eeg\nMarkerFile=night.vmrk\nDataFormat=BINARY\nDataOrientation=MULTIPLEXED\n"
        f"NumberOfChannels=2\nSamplingInterval={1e6 / RATE_HZ:g}\n\n[Binary Infos]\nBinaryFormat=INT_16\n\n"
        "[Channel Infos]\nCh1=LAT,,0.1,µV\nCh2=RAT,,0.1,µV\n",
        encoding="utf-8",
    )
    return header


def gdf(folder: Path) -> Path:
    """Write GDF 1.25: fixed header, header of the signals, data records of one second, no events."""
    values, n = np.round(emg_uv() * 10).astype("<i2"), 2
    fixed = b"GDF 1.25".ljust(8) + b"X".ljust(80) + b"X".ljust(80) + b"2026112022300000".ljust(16)
    fixed += struct.pack("<q", 256 * (n + 1)) + bytes(8) + bytes(8) + bytes(8) + bytes(20)
    fixed += struct.pack("<q", 200) + struct.pack("<II", 1, 1) + struct.pack("<I", n)
    assert len(fixed) == 256
    each = b"".join(label.ljust(16) for label in (b"LAT", b"RAT")) + bytes(80 * n)
    each += b"uV".ljust(8) * n
    each += struct.pack("<2d", *[-3276.8] * n) + struct.pack("<2d", *[3276.7] * n)
    each += struct.pack("<2q", *[-32768] * n) + struct.pack("<2q", *[32767] * n)
    each += bytes(80 * n) + struct.pack("<2I", *[RATE_HZ] * n) + struct.pack("<2I", *[3] * n) + bytes(32 * n)
    assert len(each) == 256 * n
    records = values.reshape(n, 200, RATE_HZ).transpose(1, 0, 2)
    path = folder / "night.gdf"
    path.write_bytes(fixed + each + records.tobytes() + bytes((1, *RATE_HZ.to_bytes(3, "little"))) + bytes(4))
    return path


def raw() -> mne.io.RawArray:
    info = mne.create_info(["EMG LAT", "EMG RAT"], RATE_HZ, "emg")
    made = mne.io.RawArray(emg_uv() / 1e6, info, verbose="error")
    made.set_annotations(mne.Annotations([30.0 * i for i in range(6)], 30.0, "Sleep stage N2"))
    return made


def fif(folder: Path) -> Path:
    path = folder / "night_raw.fif"
    raw().save(path, verbose="error")
    return path


@pytest.mark.parametrize("write", [brainvision, gdf, fif])
def test_recordings_are_read_and_scored(tmp_path: Path, write) -> None:
    path = write(tmp_path)
    recording = read_recording(path)
    (stream,) = recording.streams
    assert (stream.rate_hz, stream.sample_n, len(stream.channels)) == (RATE_HZ, 200 * RATE_HZ, 2)
    scale = 1e6 if stream.channels[0].unit == "V" else 1.0
    assert np.abs(stream.read(None, 1000, 9000) * scale - emg_uv().T[1000:9000]).max() < 0.11
    assert stream.read([0], 5, 5).shape == (0, 1)
    if write is not fif:
        assert recording.began == datetime(2026, 11, 20, 22, 30, tzinfo=UTC)
        assert stream.channels[0].lsb == pytest.approx(1e-7)
    done = CliRunner().invoke(score, [str(path), "--out", str(tmp_path / "out"), "--json"])
    assert done.exit_code == 0, done.stderr
    (summary,) = json.loads(done.stdout)
    assert summary["rules"]["aasm3"]["n_plm"] == len(ONSETS_S)
    assert (summary["tst_h"] is None) == (write is gdf)
    if write is not gdf:
        assert summary["rules"]["aasm3"]["n_plms"] == len(ONSETS_S)


def test_annotations_in_fif_are_a_list(tmp_path: Path) -> None:
    for path in (fif(tmp_path), tmp_path / "night-annot.fif"):
        if not path.exists():
            raw().annotations.save(path, verbose="error")
        epochs = read_events(path).epochs
        assert [(e.start_us, e.stage) for e in epochs] == [(30_000_000 * i, "N2") for i in range(6)]


def test_the_parts_of_a_recording_and_damage_are_refused_with_the_remedy(tmp_path: Path) -> None:
    path = brainvision(tmp_path)
    for name in ("night.eeg", "night.vmrk"):
        with pytest.raises(InputError, match="give its header"):
            read_recording(tmp_path / name)
    (tmp_path / "night.eeg").unlink()
    with pytest.raises(InputError, match="cannot be read by MNE-Python"):
        read_recording(path)


def test_without_the_package_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = brainvision(tmp_path)
    monkeypatch.setitem(sys.modules, "mne", None)
    with pytest.raises(MissingError, match=r"install plms-monitor\[formats\]"):
        read_recording(path)
