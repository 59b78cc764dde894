"""How long from a sample that is sent to its movement's onset marker that is heard: run by hand.

    python tests/bench/latency.py [--bursts 120]

Process A (an amplifier of this file) sends two legs at 500 Hz in chunks of 16, bursts of 30 uV over 2 uV.
Process B is ``watch --headless``. Process C, this one, hears B's markers, and a bare stream from A whose only
samples are sent together with the chunk that holds a burst's first sample: what a hop of LSL costs here.
"""

import argparse
import json
import multiprocessing
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
from scipy import signal

from monitor.lsl.library import lsl, use_loopback
from monitor.lsl.outlet import ChannelHeader, OutletHeader, open_outlet
from monitor.session.folder import SessionFolder
from monitor.session.journal import read_journal

RATE_HZ, CHUNK_N = 500.0, 16
FIRST_S, EVERY_S, BURST_S = 8.0, 3.0, 1.0
REST_UV, BURST_UV = 2.0, 30.0
EMG = tuple(ChannelHeader(label, "uV", "EMG") for label in ("LAT", "RAT"))


def burst_times(count_n):
    """Onsets in seconds of signal: every three seconds, at any place within a chunk, legs in turn."""
    jitter_s = np.random.default_rng(1).uniform(0, 0.032, count_n)
    return FIRST_S + EVERY_S * np.arange(count_n) + jitter_s


def legs(count_n):
    """Make the signal, shape (n, 2), float32, uV: band-limited noise, louder in bursts."""
    rng = np.random.default_rng(2)
    n = round((FIRST_S + EVERY_S * count_n + 2) * RATE_HZ)
    band = signal.butter(4, (30, 200), "bandpass", fs=RATE_HZ, output="sos")
    noise = signal.sosfilt(band, rng.normal(size=(n + 1000, 2)), axis=0)[1000:]
    noise /= noise.std(axis=0)
    level = np.full((n, 2), REST_UV)
    for number, onset_s in enumerate(burst_times(count_n)):
        start = int(np.ceil(onset_s * RATE_HZ))
        level[start : start + round(BURST_S * RATE_HZ), number % 2] = BURST_UV
    return (noise * level).astype(np.float32)


def amplifier(count_n):
    """Send the signal at its own pace, and on a bare stream the moment of each burst's chunk."""
    values = legs(count_n)
    starts = np.ceil(burst_times(count_n) * RATE_HZ).astype(int)
    emg = OutletHeader("Latency-EMG", "EMG", "latency-emg", RATE_HZ, "float32", EMG)
    when = (ChannelHeader("t", "s", ""),)
    bare = OutletHeader("Latency-Bare", "Test", "latency-bare", 0.0, "double64", when)
    clock = lsl().local_clock
    with open_outlet(emg) as outlet, open_outlet(bare) as hop:
        while not (outlet.have_consumers() and hop.have_consumers()):
            time.sleep(0.1)
        begun_s = clock() + 1.0
        for at in range(0, len(values) - CHUNK_N, CHUNK_N):
            stop = at + CHUNK_N
            time.sleep(max(0.0, begun_s + stop / RATE_HZ - clock()))
            outlet.push_chunk(values[at:stop], begun_s + np.arange(at, stop) / RATE_HZ)
            if np.any((starts >= at) & (starts < stop)):
                hop.push_sample([clock()], clock())
        time.sleep(2.0)


class Ear(threading.Thread):
    """Hear a stream: when each sample came, by this process's LSL clock."""

    def __init__(self, name):
        super().__init__(daemon=True)
        found = lsl().resolve_byprop("name", name, 1, 120.0)
        self._inlet = lsl().StreamInlet(found[0], recover=False)
        self._inlet.open_stream(10.0)
        self.heard = []
        self.start()

    def run(self):
        while True:
            try:
                sample, stamp_s = self._inlet.pull_sample(0.5)
            except lsl().util.LostError:
                return
            if sample is not None:
                self.heard.append((lsl().local_clock(), stamp_s, sample[0]))


def figures(name, seconds):
    """Write median, p95, p99 and the largest, in milliseconds."""
    ms = np.array(seconds) * 1e3
    row = {"n": len(ms)} | {f"p{q}": round(float(np.percentile(ms, q)), 1) for q in (50, 95, 99)}
    row["max"] = round(float(ms.max()), 1)
    sys.stdout.write(f"{name:<58} {json.dumps(row)}\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bursts", type=int, default=120)
    count_n = parser.parse_args().bursts
    use_loopback()
    source = multiprocessing.get_context("spawn").Process(target=amplifier, args=(count_n,), daemon=True)
    source.start()
    with tempfile.TemporaryDirectory() as sessions:
        watch = subprocess.Popen(
            [sys.executable, "-m", "monitor", "watch", "--headless", "--stream", "Latency-EMG",
             "--bed", "latency", "--sessions", sessions],
            stdout=subprocess.DEVNULL,
        )  # fmt: skip
        markers, bare = Ear("PLMS-Markers-latency"), Ear("Latency-Bare")
        source.join()
        watch.terminate()
        watch.wait(60)
        (path,) = [p for p in Path(sessions).iterdir() if p.is_dir()]
        facts, _ = read_journal(SessionFolder(path).journal)
    origin_s = next(f.data["stamp"] for f in facts if f.kind == "anchor")
    flagged = [f.data for f in facts if f.kind == "movement" and f.data["phase"] == "onset"]
    withdrawn = sum(f.kind == "movement" and f.data["phase"] == "withdrawn" for f in facts)
    truth_s = np.ceil(burst_times(count_n) * RATE_HZ) / RATE_HZ
    onsets = [(when, stamp) for when, stamp, text in markers.heard if text.endswith("/onset")]
    delays, ready, steps, errors, algorithm = [], [], [], [], []
    for onset_s in truth_s:
        near = [(when, stamp) for when, stamp in onsets if abs(stamp - origin_s - onset_s) < 0.5]
        fact = [data for data in flagged if abs(data["onset"] - onset_s) < 0.5]
        if not near or not fact:
            continue
        when, stamp = near[0]
        delays.append(when - (origin_s + onset_s))
        errors.append(stamp - origin_s - onset_s)
        algorithm.append(fact[0]["known"] - onset_s)
        # The chunk with the sample at which it became known is sent when its last sample is over.
        sent_s = (np.floor(fact[0]["known"] * RATE_HZ / CHUNK_N) + 1) * CHUNK_N / RATE_HZ
        ready.append(when - (origin_s + sent_s))
        steps.append(sent_s - fact[0]["known"])
    sys.stdout.write(f"bursts {count_n}, flagged {len(delays)}, withdrawn flags {withdrawn}\n")
    figures("true onset's sample is due -> marker heard", delays)
    figures("  of it the algorithm: true onset -> known (signal time)", algorithm)
    figures("  of it the source's chunk of 32 ms", steps)
    figures("  of it push of the deciding chunk -> marker heard", ready)
    figures("one bare hop of LSL, A -> C, same run", [when - sent for when, _, sent in bare.heard])
    figures("marker's stamp - true onset, absolute", np.abs(errors))


if __name__ == "__main__":
    main()
