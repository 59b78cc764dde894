"""A sender that says of each sample and marker when it really was, by a clock that all computers here share.

``python clocked.py emg 500 BASE`` or ``python clocked.py markers 0 BASE``. The system's real time is the same
in every time namespace, LSL's clock is not: samples are worth milliseconds of real time since BASE, markers
name theirs.
"""

import sys
import time

from monitor.lsl.library import lsl


def now():
    """Return one moment by both clocks (s): LSL's, and the real time."""
    pylsl = lsl()
    tries = []
    for _ in range(20):
        before_s, real_s, after_s = pylsl.local_clock(), time.time(), pylsl.local_clock()  # noqa: TID251
        tries.append((after_s - before_s, (before_s + after_s) / 2, real_s))
    return min(tries)[1:]


def main(kind, rate_hz, base_s):
    pylsl = lsl()
    if kind == "emg":
        info = pylsl.StreamInfo("Clocked-EMG", "EMG", 2, rate_hz, "double64", "clocked-emg")
        channels = info.desc().append_child("channels")
        for label in ("LAT", "RAT"):
            node = channels.append_child("channel")
            node.append_child_value("label", label)
            node.append_child_value("unit", "uV")
    else:
        info = pylsl.StreamInfo("Clocked-Markers", "Markers", 1, 0, "string", "clocked-markers")
    outlet = pylsl.StreamOutlet(info)
    while not outlet.have_consumers():
        time.sleep(0.02)
    begun_s, real_s = now()
    sent_n = 0
    while True:
        if kind == "emg":
            due_n = int((pylsl.local_clock() - begun_s) * rate_hz)
            for n in range(sent_n, due_n):
                worth = 1000 * (real_s - base_s + n / rate_hz)
                outlet.push_sample([worth, worth], begun_s + n / rate_hz)
            sent_n = due_n
            time.sleep(0.02)
        else:
            stamp_s, real_s = now()
            outlet.push_sample([f"position {real_s - base_s:.6f}"], stamp_s)
            time.sleep(0.5)


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]), float(sys.argv[3]))
