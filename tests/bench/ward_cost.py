"""What the ward's window costs with many beds: share of a core, memory, false alerts. By hand:

    python tests/bench/ward_cost.py [--beds 24] [--minutes 3] [--profile FILE]

One process publishes what the recorders of all beds do: the index once a second, a snapshot each half minute,
and four facts for a movement every 12 s; the rate changes every 20 s. The window is full HD and offscreen.
Unlike with ``many_beds.py`` nothing is recorded, so that many beds need little of the machine.
"""

import argparse
import cProfile
import itertools
import json
import multiprocessing
import os
import sys
import threading
import time

import psutil

from monitor.lsl.library import lsl, use_loopback
from monitor.lsl.outlet import ChannelHeader, OutletHeader, open_outlet
from monitor.model.facts import Fact
from monitor.recorder.outlets import INDEX_CHANNELS, public_line

_SETTLED_S, _EVERY_S, _SNAPSHOT_S = 40.0, 12, 30
_LEGS = ("left", "right")
_SOURCES = [
    {"name": "Amp", "connected": True, "rate_hz": 500.0, "last_arrival_s_ago": 0.03, "legs": _LEGS},
    {"name": "Stager", "connected": True, "rate_hz": 0.0, "last_arrival_s_ago": 12.0, "legs": []},
]


class StatusBed:
    """The outlets of one bed, two hours into its recording."""

    def __init__(self, number, hours=2.0):
        self._name, self._at_s, self._number = f"bed-{number}", hours * 3600.0, number
        index = tuple(ChannelHeader(label, "", "Index") for label in INDEX_CHANNELS)
        fact = (ChannelHeader("fact", "", "JSON"),)
        self._index = open_outlet(
            OutletHeader(f"PLMS-Index-{self._name}", "PLMS", f"i-{self._name}", 0.0, "float32", index)
        )
        self._facts = open_outlet(
            OutletHeader(f"PLMS-Facts-{self._name}", "PLMS", f"f-{self._name}", 0.0, "string", fact)
        )
        self._seq = itertools.count(1000 * number)
        self._standing = [
            self._row("session", 0.0, bed=self._name, main_profile="aasm3", legs=_LEGS),
            self._row("stream", 0.0, key=1, name="Amp", rate_hz=500.0, speed=1.0),
            *(self._row("quality", 20.0, leg=leg, state="ok", causes=[], rest_uv=2.0) for leg in _LEGS),
        ]

    def _row(self, kind, t_s, **data):
        return {"v": 1, "seq": next(self._seq), "kind": kind, "t": t_s, "source": "recorder"} | data

    def second(self, passed_s):
        """Send what a recorder sends in one second."""
        at_s = self._at_s + passed_s
        values = [
            12.5,
            11.0,
            9.5,
            8.0 + (passed_s + self._number) // 20 % 7,
            25.0,
            22.0,
            at_s / 3600.0,
            1.0,
            1.0,
            1.0,
        ]
        self._index.push_sample(values, lsl().local_clock())
        turn, step = divmod(passed_s + self._number, _EVERY_S)
        if step < 4:
            leg = _LEGS[turn % 2]
            onset_s = at_s - step
            data = {"leg": leg, "id": f"m{turn}", "onset": onset_s, "known": at_s, "peak_uv": 40.0}
            data |= {"phase": ("onset", "confirmed", "closed", "closed")[step], "resting_uv": 2.0}
            end_s = onset_s + 1.5 if step > 1 else None
            movement = Fact("movement", onset_s, "detector", data | {"end": end_s}, seq=next(self._seq))
            self._send(public_line(movement))
        if (passed_s + self._number) % _SNAPSHOT_S == 0:
            self._send(json.dumps(self._snapshot(at_s), separators=(",", ":")))

    def _send(self, text):
        self._facts.push_text(text, lsl().local_clock())

    def _snapshot(self, at_s):
        stage = self._row("stage", at_s - 30.0, stage="N2", duration_s=30.0)
        curve = [[minute, 10.0 + minute % 5] for minute in range(int(at_s / 60) - 119, int(at_s / 60) + 1)]
        legs = dict.fromkeys(_LEGS, "ok")
        return {"kind": "snapshot", "t": at_s, "bed": self._name, "main_profile": "aasm3", "recorded_s": at_s,
                "series": {"n": 6, "onset": at_s - 90.0}, "n_series": 2, "n_lm": 31, "too_early": [],
                "biocal": None, "stage": "N2", "legs": legs, "curve": {"step_s": 60, "rate_30min": curve},
                "health": {"trouble": "", "saved_s_ago": 2.0, "sources": _SOURCES},
                "standing": [*self._standing, stage]}  # fmt: skip


def publish(beds_n):
    """Publish all beds; their seconds are spread, as those of separate recorders are."""
    beds = [StatusBed(number) for number in range(1, beds_n + 1)]
    begun_s = time.monotonic()
    for passed_s in itertools.count():
        for number, bed in enumerate(beds):
            time.sleep(max(0.0, begun_s + passed_s + number / beds_n - time.monotonic()))
            bed.second(passed_s)


def measure(beds_n, minutes, ward):
    """Wait until all beds are shown, then measure this process."""
    own, until_s = psutil.Process(), time.monotonic() + 120.0
    while sum(tile.phase == "recording" for tile in ward.tiles()) < beds_n:
        if time.monotonic() > until_s:
            raise TimeoutError("the beds were not found")
        time.sleep(0.5)
    time.sleep(_SETTLED_S)
    times, begin_s = own.cpu_times(), time.monotonic()
    threads = {one.id: one.user_time + one.system_time for one in own.threads()}
    loads, alerts = [], set()
    while time.monotonic() < begin_s + 60.0 * minutes:
        time.sleep(1.0)
        loads.append(os.getloadavg()[0])
        alerts |= {(tile.bed, alert.text) for tile in ward.tiles() for alert in tile.alerts}
    took_s, after = time.monotonic() - begin_s, own.cpu_times()
    share = (after.user + after.system - times.user - times.system) / took_s
    by_thread = sorted(
        ((one.user_time + one.system_time - threads.get(one.id, 0.0)) / took_s for one in own.threads()),
        reverse=True,
    )
    sys.stdout.write(
        f"{beds_n} beds, {took_s:.0f} s: the window takes {100 * share:.1f} % of a core, PSS "
        f"{own.memory_full_info().pss / 2**20:.0f} MB; its busiest threads "
        f"{', '.join(f'{100 * one:.1f} %' for one in by_thread[:4])}; false alerts {len(alerts)} "
        f"{alerts or ''}; load {min(loads):.1f} to {max(loads):.1f}\n"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--beds", type=int, default=24)
    parser.add_argument("--minutes", type=float, default=3.0)
    parser.add_argument("--profile", metavar="FILE", help="Profile the window's thread into this file.")
    chosen = parser.parse_args()
    use_loopback()
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    import miniaudio
    from PySide6.QtCore import QObject, Qt, Signal

    from monitor.dashboard.shell.app import application
    from monitor.dashboard.viewmodel.alarm import Sounding
    from monitor.dashboard.viewmodel.sound import Speaker
    from monitor.ward.alerts import WardAlerts
    from monitor.ward.network import Ward
    from monitor.ward.window import WardWindow

    class End(QObject):
        asked = Signal()

    source = multiprocessing.get_context("spawn").Process(target=publish, args=(chosen.beds,), daemon=True)
    source.start()
    app, end = application(), End()
    end.asked.connect(app.quit, Qt.ConnectionType.QueuedConnection)
    with Ward() as ward:
        window = WardWindow(ward, alerts=WardAlerts(Sounding(Speaker([miniaudio.Backend.NULL]))))
        window.resize(1920, 1080)
        window.show()
        window.start()

        def measured():
            try:
                measure(chosen.beds, chosen.minutes, ward)
            finally:
                end.asked.emit()

        threading.Thread(target=measured, daemon=True).start()
        if chosen.profile:
            with cProfile.Profile(time.thread_time) as profile:
                app.exec()
            profile.dump_stats(chosen.profile)
        else:
            app.exec()
        window.close()
    source.kill()


if __name__ == "__main__":
    main()
