"""The resting level on the start screen, from real outlets; too slow a source is left alone."""

import threading

import numpy as np
import pytest
from support.waiting import wait_for

from monitor.lsl.discovery import Finder, Query
from monitor.lsl.library import lsl
from monitor.lsl.outlet import ChannelHeader, OutletHeader, open_outlet
from monitor.model.config import MontageWish
from monitor.recorder.start_screen import Preview

RATE_HZ = 500.0
LEGS = (ChannelHeader("LAT", "uV", "EMG"), ChannelHeader("RAT", "uV", "EMG"))


@pytest.fixture
def outlets():
    """An amplifier whose right leg is dead, and one that is too slow for EMG."""
    headers = [
        OutletHeader("Preview Amp", "EMG", "preview-amp", RATE_HZ, "float32", LEGS),
        OutletHeader("Preview Slow", "EMG", "preview-slow", 50.0, "float32", LEGS),
    ]
    is_over = threading.Event()
    with open_outlet(headers[0]) as amp, open_outlet(headers[1]) as slow:
        thread = threading.Thread(target=_send, args=(amp, is_over))
        thread.start()
        yield amp, slow
        is_over.set()
        thread.join()


def _send(outlet, is_over):
    noise = np.random.default_rng(2).normal(0.0, 2.0, 100_000)
    begun_s, sent_n = lsl().local_clock(), 0
    while not is_over.wait(0.02):
        due_n = int((lsl().local_clock() - begun_s) * RATE_HZ)
        for number in range(sent_n, due_n):
            outlet.push_sample([noise[number % len(noise)], 3.0], begun_s + number / RATE_HZ)
        sent_n = due_n


def test_a_real_stream_is_looked_at_and_left_again(outlets):
    amp, slow = outlets
    finders = [Finder(Query("source_id", f"preview-{name}")) for name in ("amp", "slow")]
    wait_for(lambda: all(finder.found() for finder in finders), "outlets")
    around = [found for finder in finders for found in finder.found()]
    preview, slow_was_opened = Preview(MontageWish()), False
    preview.look(around)

    def is_over():
        nonlocal slow_was_opened
        slow_was_opened |= slow.have_consumers()
        return not preview.is_busy

    wait_for(is_over, "end of the preview")
    uids = {stream.source_id: stream.uid for _, stream in around}
    found = preview.of(uids["preview-amp"])
    assert found["left"]["rest_uv"] == pytest.approx(2.0, rel=0.25)
    assert (found["left"]["word"], found["right"]["word"]) == ("ok", "flat")
    assert preview.of(uids["preview-slow"]) == {}
    assert not slow_was_opened
    wait_for(lambda: not amp.have_consumers(), "end of the preview's connection")
