"""The writer of the raw signal where the disk or the caller misbehaves."""

import errno
import os
import stat

import numpy as np
import pytest
import pyxdf
from support.waiting import wait_for

from monitor.session.signal.raw_writer import RawWriter
from monitor.session.signal.xdf_format import survey
from monitor.session.xdf import XdfWriter

HEADER = (
    "<info><name>L</name><type>EMG</type><channel_count>1</channel_count>"
    "<channel_format>int16</channel_format><nominal_srate>10</nominal_srate></info>"
)


def stamps_of(path):
    return pyxdf.load_xdf(path, dejitter_timestamps=False, verbose=False)[0][0]["time_stamps"]


def samples(n, start):
    return np.ones((n, 1), "i2"), start + np.arange(n) / 10


@pytest.mark.skipif(os.name == "nt", reason="no POSIX modes")
def test_only_its_owner_can_read_it(tmp_path):
    XdfWriter(tmp_path / "r.xdf").close()
    assert stat.S_IMODE((tmp_path / "r.xdf").stat().st_mode) == 0o600


def test_headers_are_on_disk_before_any_sample(tmp_path):
    writer = XdfWriter(tmp_path / "r.xdf")
    writer.add_stream(1, HEADER, "int16", 1)
    found = survey(tmp_path / "r.xdf")
    assert (found.headers, found.torn_bytes, found.next_stream_id) == ({1}, 0, 2)
    writer.close()


def test_an_unknown_format_is_refused(tmp_path):
    writer = XdfWriter(tmp_path / "r.xdf")
    with pytest.raises(ValueError, match="complex"):
        writer.add_stream(1, HEADER, "complex", 1)
    writer.close()


def test_a_write_that_stops_anywhere_is_gone_on_with(tmp_path, monkeypatch):
    path = tmp_path / "r.xdf"
    writer = XdfWriter(path)
    writer.add_stream(1, HEADER, "int16", 1)
    write = os.write
    turn = iter(range(10**6))

    def stuttering(fd, data):
        if next(turn) % 3 == 2:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(fd, bytes(data)[:5])

    with monkeypatch.context() as patched:
        patched.setattr(os, "write", stuttering)
        for start in range(20):
            writer.samples(1, *samples(10, start))
            with pytest.raises(OSError, match="No space"):
                writer.flush()
    writer.close()
    assert np.array_equal(stamps_of(path), np.arange(200) / 10)


def test_the_raw_thread_says_what_is_wrong_and_loses_nothing(tmp_path, monkeypatch):
    raw = RawWriter(tmp_path / "r.xdf")
    raw.put(lambda xdf: xdf.add_stream(1, HEADER, "int16", 1))
    write = os.write
    full = True

    def maybe_full(fd, data):
        if full:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(fd, data)

    monkeypatch.setattr(os, "write", maybe_full)
    raw.put(lambda xdf: xdf.samples(1, *samples(10, 0)))
    wait_for(lambda: raw.error == "No space left on device", "error")
    saved_ago_s = raw.saved_ago_s
    raw.put(lambda xdf: xdf.samples(1, *samples(10, 1)))
    full = False
    wait_for(lambda: raw.error == "", "end of the error")
    assert saved_ago_s >= 0
    raw.close()
    assert np.array_equal(stamps_of(tmp_path / "r.xdf"), np.arange(20) / 10)
