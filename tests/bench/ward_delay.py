"""How long after a fault the ward sounds, over LSL on loopback and with the window open. By hand:

    python tests/bench/ward_delay.py [--runs 30] [--faults lost,journal,legs]

``lost``: the recorder of a bed is killed. ``journal``: a recorder reports that data is not being written.
``legs``: the amplifier of a real recorder (``watch --headless``) stops sending. The end of each delay is the
moment at which the opened sound device (miniaudio's null device) takes the first samples; a real device adds
its own buffer, 100 ms.
"""

import argparse
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time

import numpy as np
import psutil
from latency import EMG, RATE_HZ, figures

from monitor.lsl.library import lsl, use_loopback
from monitor.lsl.outlet import ChannelHeader, OutletHeader, open_outlet
from monitor.recorder.outlets import INDEX_CHANNELS

_CHUNK_N, _QUIET_S, _PATIENCE_S = 16, 5.0, 300.0


def bed(name, fault, told):
    """Publish what a recorder publishes; at `fault` report that nothing is written, until it is cleared."""
    header = [ChannelHeader(label, "", "Index") for label in INDEX_CHANNELS]
    numbers = open_outlet(
        OutletHeader(f"PLMS-Index-{name}", "PLMS", f"i-{name}", 0.0, "float32", tuple(header))
    )
    fact = (ChannelHeader("fact", "", "JSON"),)
    lines = open_outlet(OutletHeader(f"PLMS-Facts-{name}", "PLMS", f"f-{name}", 0.0, "string", fact))
    begun_s, was = time.monotonic(), None
    session = {"v": 1, "seq": 0, "kind": "session", "t": 0.0, "source": "recorder", "bed": name,
               "main_profile": "aasm3", "legs": ["left", "right"]}  # fmt: skip
    while True:
        passed_s, now = time.monotonic() - begun_s, fault.is_set()
        if now != was or int(passed_s * 10) % 300 == 0:
            health = {"trouble": "no space" if now else "", "saved_s_ago": 1.0, "sources": []}
            whole = {"kind": "snapshot", "t": passed_s, "bed": name, "main_profile": "aasm3", "n_lm": 0,
                     "recorded_s": passed_s, "series": None, "n_series": 0, "too_early": [], "health": health,
                     "curve": {"step_s": 60, "rate_30min": []}, "standing": [session]}  # fmt: skip
            lines.push_text(json.dumps(whole, separators=(",", ":")), lsl().local_clock())
            if now and not was:
                told.value = time.monotonic()
            was = now
        if int(passed_s * 10) % 10 == 0:
            numbers.push_sample([1.0] * 10, lsl().local_clock())
        fault.wait(0.1) if not now else time.sleep(0.1)


class Amplifier(threading.Thread):
    """Two legs of quiet noise; `is_silent` stops it as a pulled cable does."""

    def __init__(self):
        super().__init__(daemon=True)
        self.is_silent = threading.Event()
        self._outlet = open_outlet(OutletHeader("Amp", "EMG", "amp", RATE_HZ, "float32", EMG))
        self.start()

    def run(self):
        rng, clock = np.random.default_rng(1), lsl().local_clock
        at_s = clock()
        while True:
            at_s += _CHUNK_N / RATE_HZ
            time.sleep(max(0.0, at_s - clock()))
            if not self.is_silent.is_set():
                chunk = rng.normal(0, 1.5, (_CHUNK_N, 2)).astype(np.float32)
                self._outlet.push_chunk(chunk, at_s - np.arange(_CHUNK_N)[::-1] / RATE_HZ)


class Ears:
    """The ward, and the moments at which the sound device took samples."""

    def __init__(self, ward, alerts, device):
        self.ward, self.sounded = ward, []
        start = device.start

        def heard(output, samples):
            new = {one.alert.key for one in alerts.now if not one.alert.is_seen}
            self.sounded.append((time.monotonic(), new))
            start(output, samples)

        device.start = heard

    def state(self, name):
        return next((tile for tile in self.ward.tiles() if tile.bed == name), None)

    def await_(self, condition, what):
        until_s = time.monotonic() + _PATIENCE_S
        while not condition():
            if time.monotonic() > until_s:
                raise TimeoutError(what)
            time.sleep(0.02)

    def delay(self, fault_s, key):
        """Wait for the first sound of an alert after a fault; return how much later it came (s)."""

        def later():
            return [at_s for at_s, new in list(self.sounded) if at_s > fault_s and key in new]

        self.await_(later, "sound")
        return later()[0] - fault_s


def killed(ears, run, rng):
    """Kill a bed at any moment of its second."""
    context = multiprocessing.get_context("spawn")
    name = f"lost-{run}"
    fault, told = context.Event(), context.Value("d")
    process = context.Process(target=bed, args=(name, fault, told), daemon=True)
    process.start()
    ears.await_(lambda: (tile := ears.state(name)) and tile.phase == "recording", "bed")
    time.sleep(rng.uniform(1.0, 2.0))
    fault_s = time.monotonic()
    os.kill(process.pid, signal.SIGKILL)
    found = ears.delay(fault_s, "gone")
    ears.calm(name)
    return found


def journal(ears, fault, told, rng):
    """Report once that nothing is written."""
    time.sleep(rng.uniform(1.0, 2.0))
    told.value = 0.0
    fault.set()
    ears.await_(lambda: told.value > 0, "report")
    found = ears.delay(told.value, "trouble")
    fault.clear()
    ears.await_(lambda: not ears.state("journal").alerts, "end of the alert")
    return found


def legs(ears, amplifier, rng):
    """Pull the cable of both legs, and plug it in again."""
    ears.await_(lambda: (tile := ears.state("legs")) and tile.phase == "recording", "bed")
    # A gap that is over stays an alert for some minutes: somebody has seen it.
    ears.acknowledge()
    time.sleep(_QUIET_S + rng.uniform(0.0, 1.0))
    fault_s = time.monotonic()
    amplifier.is_silent.set()
    found = ears.delay(fault_s, "lost-all")
    amplifier.is_silent.clear()
    return found


def measure(ears, faults, runs, sessions):
    """Make the faults, one kind after the other."""
    rng, context = np.random.default_rng(7), multiprocessing.get_context("spawn")
    if "lost" in faults:
        figures("recorder killed -> sound", [killed(ears, run, rng) for run in range(runs)])
    if "journal" in faults:
        fault, told = context.Event(), context.Value("d")
        process = context.Process(target=bed, args=("journal", fault, told), daemon=True)
        process.start()
        ears.await_(lambda: (tile := ears.state("journal")) and tile.phase == "recording", "bed")
        figures("recorder reports a fault -> sound", [journal(ears, fault, told, rng) for _ in range(runs)])
        process.kill()
        ears.await_(lambda: ears.state("journal").phase == "not heard", "end of the bed")
        ears.calm("journal")
    if "legs" in faults:
        amplifier = Amplifier()
        watch = ["watch", "--headless", "--stream", "Amp", "--bed", "legs", "--sessions", sessions]
        recorder = subprocess.Popen([sys.executable, "-m", "monitor", *watch], stdout=subprocess.DEVNULL)
        figures("both legs silent -> sound", [legs(ears, amplifier, rng) for _ in range(runs)])
        recorder.terminate()
        recorder.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=30)
    parser.add_argument("--faults", default="lost,journal,legs")
    chosen = parser.parse_args()
    use_loopback()
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    import miniaudio
    from PySide6.QtCore import QObject, Qt, Signal
    from PySide6.QtTest import QTest

    from monitor.dashboard.shell.app import application
    from monitor.dashboard.viewmodel import sound
    from monitor.dashboard.viewmodel.alarm import Sounding
    from monitor.ward.alerts import WardAlerts
    from monitor.ward.network import Ward
    from monitor.ward.places import Places
    from monitor.ward.window import WardWindow

    class Removal(QObject):
        """Asks the thread of the window for what only it may do."""

        removed = Signal(str, str)
        seen = Signal()
        ended = Signal()

    app, removal = application(), Removal()
    with Ward() as ward, tempfile.TemporaryDirectory() as sessions:
        speaker = sound.Speaker([miniaudio.Backend.NULL])
        alerts, order = WardAlerts(Sounding(speaker)), Places(None)
        window = WardWindow(ward, places=order, alerts=alerts)
        window.resize(1920, 1080)
        window.show()
        window.start()
        ears = Ears(ward, alerts, miniaudio.PlaybackDevice)

        def remove(name, host):
            ward.forget(name, host)
            order.remove((name, host))

        def acknowledge():
            QTest.keyClick(window, Qt.Key.Key_A, Qt.KeyboardModifier.ShiftModifier)

        removal.removed.connect(remove)
        removal.seen.connect(acknowledge, Qt.ConnectionType.QueuedConnection)
        removal.ended.connect(app.quit, Qt.ConnectionType.QueuedConnection)
        ears.acknowledge = removal.seen.emit
        ears.calm = lambda name: (
            removal.removed.emit(name, ears.state(name).host),
            ears.await_(lambda: not alerts.now, "silence"),
        )

        def measured():
            try:
                measure(ears, chosen.faults.split(","), chosen.runs, sessions)
            finally:
                removal.ended.emit()

        threading.Thread(target=measured, daemon=True).start()
        app.exec()
        window.close()
    sys.stdout.write(f"load {os.getloadavg()}, this process {psutil.Process().cpu_times()}\n")


if __name__ == "__main__":
    main()
