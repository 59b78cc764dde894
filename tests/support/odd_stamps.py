"""An amplifier and a stager in a process of their own, with stamps as no program should send them.

``python odd_stamps.py '{"mode": "zero", "name": "Odd", "seconds": 40}'``. Both legs move for two seconds out
of ten; a stage is sent every thirty seconds, stamped by LSL's clock. Modes: ``sane``, ``zero``, ``constant``,
``random``, ``backward``, ``nan``, ``unix``, ``rate`` (half of the announced rate from `change_s` on).
"""

import json
import sys
import time

import numpy as np

from monitor.lsl.library import lsl

RATE_HZ = 500
CHUNK_S = 0.04
PERIOD_S, MOVES_S = 10.0, (6.0, 8.0)


def outlets(name):
    pylsl = lsl()
    emg = pylsl.StreamInfo(name, "EMG", 2, RATE_HZ, "float32", f"{name}-emg")
    channels = emg.desc().append_child("channels")
    for label in ("LAT", "RAT"):
        channel = channels.append_child("channel")
        channel.append_child_value("label", label)
        channel.append_child_value("unit", "microvolts")
        channel.append_child_value("type", "EMG")
    stages = pylsl.StreamInfo(f"{name}-stages", "Markers", 1, 0, "string", f"{name}-stages")
    return pylsl.StreamOutlet(emg), pylsl.StreamOutlet(stages)


def stamps(mode, begun_s, at_s, rng):
    """Return the stamps of samples that were taken `at_s` seconds after the beginning."""
    n = len(at_s)
    # LSL takes 0 itself for "now".
    never = {"zero": np.full(n, 1e-12), "constant": np.full(n, begun_s), "nan": np.full(n, np.nan)}
    if mode in never:
        return never[mode]
    if mode == "random":
        return rng.uniform(0, 1e6, n)
    if mode == "backward":
        return begun_s - at_s
    if mode == "unix":
        return time.time() - lsl().local_clock() + begun_s + at_s  # noqa: TID251
    return begun_s + at_s


def main(form):
    mode, rng = form["mode"], np.random.default_rng(1)
    emg, stages = outlets(form["name"])
    while not (emg.have_consumers() and stages.have_consumers()):
        time.sleep(0.02)
    begun_s, done_s, told_n = lsl().local_clock(), 0.0, 0
    while done_s < form["seconds"]:
        rate_hz = RATE_HZ / 2 if mode == "rate" and done_s >= form["change_s"] else RATE_HZ
        at_s = done_s + np.arange(round(CHUNK_S * rate_hz)) / rate_hz
        values = rng.normal(0, 2, (len(at_s), 2))
        place_s = at_s % PERIOD_S
        values[(place_s >= MOVES_S[0]) & (place_s < MOVES_S[1])] *= 15
        time.sleep(max(0.0, begun_s + at_s[-1] - lsl().local_clock()))
        emg.push_chunk(values.astype(np.float32).tolist(), stamps(mode, begun_s, at_s, rng).tolist())
        done_s += CHUNK_S
        if done_s >= 30.0 * told_n:
            stages.push_sample(["N2"], begun_s + 30.0 * told_n)
            told_n += 1
    while emg.have_consumers():
        time.sleep(0.05)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
