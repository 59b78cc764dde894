"""Many beds recorded at once on one machine: what it costs, how late the markers are, what is lost. By hand:

    python tests/bench/many_beds.py [--beds 16] [--minutes 20] [--one-process]

One process sends two legs at 500 Hz for every bed in chunks of 16, a burst of 1 s on each every 12 s. Each
bed is recorded by its own ``watch --headless``, or all of them in threads of one process. Another process
hears the markers of all beds. Both stand for other computers: the recorders have a lower priority.
"""

import argparse
import json
import multiprocessing
import os
import queue
import signal as signal_of_process
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
import psutil
import pyxdf
from latency import BURST_S, BURST_UV, CHUNK_N, EMG, RATE_HZ, REST_UV, figures
from scipy import signal

from monitor.lsl.library import lsl, use_loopback
from monitor.lsl.outlet import OutletHeader, open_outlet
from monitor.session.folder import SessionFolder
from monitor.session.journal import read_journal

FIRST_S, EVERY_S = 10.0, 12.0
_SETTLED_S = 60.0
_AT_ONCE = 4
# For each pause of the sender: with one for each bed it could not keep up.
_PUSHED_TOGETHER = 4


def onsets(bed, beds_n, seconds):
    """Onsets of a bed in seconds of its signal; the beds take turns, at any place within a chunk."""
    count_n = int((seconds - FIRST_S - EVERY_S) / EVERY_S)
    jitter_s = np.random.default_rng(bed).uniform(0, 0.032, count_n)
    starts = FIRST_S + EVERY_S * np.arange(count_n) + EVERY_S * bed / beds_n + jitter_s
    return np.ceil(starts * RATE_HZ).astype(int)


def legs(bed, beds_n, seconds):
    """Make a bed's signal, shape (n, 2), float32, uV: band-limited noise, louder in bursts."""
    rng = np.random.default_rng(1000 + bed)
    n = round(seconds * RATE_HZ)
    band = signal.butter(4, (30, 200), "bandpass", fs=RATE_HZ, output="sos")
    noise = signal.sosfilt(band, rng.normal(size=(n + 1000, 2)), axis=0)[1000:]
    noise /= noise.std(axis=0)
    level = np.full((n, 2), REST_UV)
    for number, start in enumerate(onsets(bed, beds_n, seconds)):
        level[start : start + round(BURST_S * RATE_HZ), number % 2] = BURST_UV
    return (noise * level).astype(np.float32)


def amplifiers(beds_n, seconds, tell, pushed_file):
    """Send every bed's signal at its own pace from one process; save when each chunk was pushed."""
    values = [legs(bed, beds_n, seconds) for bed in range(beds_n)]
    headers = [
        OutletHeader(f"Amp-{bed}", "EMG", f"amp-{bed}", RATE_HZ, "float32", EMG) for bed in range(beds_n)
    ]
    outlets = [open_outlet(header) for header in headers]
    tell.put("open")
    clock, chunk_s = lsl().local_clock, CHUNK_N / RATE_HZ
    pushed_s = np.full((len(values[0]) // CHUNK_N, beds_n), np.nan)
    while not all(outlet.have_consumers() for outlet in outlets):
        time.sleep(0.1)
    begun_s = clock() + 3.0
    tell.put("begun")
    # Some beds' chunks at a time are spread over the 32 ms, as those of separate amplifiers are.
    later_s = chunk_s * (np.arange(beds_n) // _PUSHED_TOGETHER * _PUSHED_TOGETHER) / beds_n
    due_s = begun_s + later_s + chunk_s * np.arange(1, len(pushed_s) + 1)[:, np.newaxis]
    for number in range(len(pushed_s)):
        at = number * CHUNK_N
        for bed, outlet in enumerate(outlets):
            if (wait_s := due_s[number, bed] - clock()) > 0:
                time.sleep(wait_s)
            pushed_s[number, bed] = clock()
            # The stamp of the last sample: with one for each the sender takes a third more time.
            stamp_s = float(begun_s + later_s[bed] + (at + CHUNK_N - 1) / RATE_HZ)
            outlet.push_chunk(values[bed][at : at + CHUNK_N], stamp_s)
    np.save(pushed_file, np.stack([due_s, pushed_s]))
    # Measured at once: to a source that is silent for two seconds a recorder opens a second connection.
    tell.put("sent")
    time.sleep(3.0)
    tell.put("quiet")
    # The outlets stay until the recorders have ended.
    time.sleep(600.0)


class Ears(threading.Thread):
    """Hear the markers of one bed: when each came, by this process's LSL clock."""

    def __init__(self, bed):
        super().__init__(daemon=True)
        found = lsl().resolve_byprop("name", f"PLMS-Markers-bed-{bed}", 1, 180.0)
        self._inlet = lsl().StreamInlet(found[0], recover=False)
        self._inlet.open_stream(30.0)
        self.heard = []
        self.start()

    def run(self):
        while True:
            try:
                sample, stamp_s = self._inlet.pull_sample(1.0)
            except lsl().util.LostError:
                return
            if sample is not None:
                self.heard.append((lsl().local_clock(), stamp_s, sample[0]))


def ward_window(tell, ended):
    """Show the ward as staff see it, without a screen; note when a leg of a tile lights up, and alerts."""
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    from PySide6.QtCore import QTimer

    from monitor.dashboard.shell.app import application
    from monitor.ward.network import Ward
    from monitor.ward.window import WardWindow

    seen, lit, alerts = [], set(), set()

    class Watched(WardWindow):
        def refresh(self):
            super().refresh()
            now_s = lsl().local_clock()
            on = {(key[0], leg) for key, widget in self._widgets.items() for leg in widget.tile.moving}
            seen.extend((now_s, *each) for each in on - lit)
            lit.clear()
            lit.update(on)
            tiles = [widget.tile for widget in self._widgets.values()]
            alerts.update((tile.bed, alert.priority, alert.key) for tile in tiles for alert in tile.alerts)

    app = application()
    with Ward() as ward:
        window = Watched(ward)
        window.resize(1920, 1080)
        window.show()
        window.start()
        looking = QTimer()
        looking.timeout.connect(lambda: ended.is_set() and app.quit())
        looking.start(500)
        app.exec()
    tell.put((seen, sorted(alerts)))


def record_all_here(beds_n, sessions):
    """Record every bed in a thread of this process, until it is asked to terminate."""
    from monitor.cli.recording import WatchOptions, run_watch
    from monitor.lsl.discovery import Query
    from monitor.model.config import load_config
    from monitor.recorder.run import StopRequest

    endings = []

    def remember(ending):
        endings.append(ending)

    # Signals come to the main thread alone: it hands them on to every recording.
    StopRequest.on_signals = remember
    config = load_config(None)
    threads = []
    for bed in range(beds_n):
        options = WatchOptions(
            config, [Query.parse(f"Amp-{bed}")], f"bed-{bed}", "", Path(sessions), None, None, resume=False
        )
        threads.append(threading.Thread(target=run_watch, args=(options,)))
    ended = threading.Event()
    signal_of_process.signal(signal_of_process.SIGTERM, lambda *_: ended.set())
    for thread in threads:
        thread.start()
    ended.wait()
    for ending in endings:
        ending.ask("SIGTERM")
    for thread in threads:
        thread.join()


def started(beds_n, sessions, watches, *, one_process):
    """Start the recorders of all beds, some at a time as people do, into `watches`; return who hears them."""
    if one_process:
        watches.append(run_python(__file__, "--record-into", sessions, "--beds", str(beds_n)))
        return [Ears(bed) for bed in range(beds_n)]
    ears = []
    for first in range(0, beds_n, _AT_ONCE):
        beds = range(first, min(beds_n, first + _AT_ONCE))
        for bed in beds:
            watch = ["watch", "--headless", "--stream", f"Amp-{bed}", "--bed", f"bed-{bed}"]
            watches.append(run_python("-m", "monitor", *watch, "--sessions", sessions))
        ears += [Ears(bed) for bed in beds]
    return ears


def run_python(*arguments):
    """Start a Python of our own, with a lower priority than the senders and the listeners."""
    return subprocess.Popen(["nice", "-n", "5", sys.executable, *arguments], stdout=subprocess.DEVNULL)


def seconds_of_cpu(process):
    """Return user and system time used so far."""
    times = process.cpu_times()
    return times.user + times.system


def checked(bed, beds_n, seconds, folder, heard, shown, pushed_s):
    """Say what was lost of one bed; return the delays of its markers, of the recorder itself and of tiles.

    ``pushed_s`` is when each of its chunks was pushed.
    """
    facts, _ = read_journal(folder.journal)
    streams, _ = pyxdf.load_xdf(str(folder.recording), synchronize_clocks=False, dejitter_timestamps=False)
    (emg,) = [s for s in streams if s["info"]["type"] == ["EMG"]]
    # What is sent before the recorder's inlet is open is not its to lose; nobody sends before `begun`.
    sent_n = round(seconds * RATE_HZ) // CHUNK_N * CHUNK_N
    steps_s = np.diff(emg["time_stamps"])
    lost_n = sent_n - len(emg["time_stamps"])
    holes_n = int(np.sum(np.abs(steps_s - 1 / RATE_HZ) > 1e-4))
    gaps_n = sum(fact.kind in ("gap", "lost") for fact in facts)
    origin_s = next(f.data["stamp"] for f in facts if f.kind == "anchor")
    flagged = [f.data for f in facts if f.kind == "movement" and f.data["phase"] == "onset"]
    markers = [(when, stamp) for when, stamp, text in heard if text.endswith("/onset")]
    delays, first, ready, tiles, missed = [], [], [], [], 0
    for onset_s in onsets(bed, beds_n, seconds) / RATE_HZ:
        near = [when for when, stamp in markers if abs(stamp - origin_s - onset_s) < 0.5]
        fact = [data for data in flagged if abs(data["onset"] - onset_s) < 0.5]
        if not near or not fact:
            missed += 1
            continue
        delays.append(near[0] - (origin_s + onset_s))
        own_s = near[0] - pushed_s[int(fact[0]["known"] * RATE_HZ / CHUNK_N)]
        (first if onset_s < _SETTLED_S else ready).append(own_s)
        lit = [t - origin_s - onset_s for t, name, _ in shown if name == f"bed-{bed}"]
        tiles += [late for late in lit if 0 <= late < EVERY_S / 2][:1]
    return {"lost": lost_n, "holes": holes_n, "gaps": gaps_n, "missed": missed}, delays, first, ready, tiles


def wait_for(tell, what, deadline_s):
    """Wait for a word of the amplifiers; keep what they measured."""
    while True:
        word = tell.get(timeout=deadline_s)
        if word == what:
            return
        sys.stdout.write(f"amplifiers: {word}\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--beds", type=int, default=16)
    parser.add_argument("--minutes", type=float, default=20.0)
    parser.add_argument("--ward", action="store_true", help="The ward's window on them, and a `ward --json`.")
    parser.add_argument("--one-process", action="store_true", help="Record all beds in one process.")
    parser.add_argument("--record-into", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.record_into:
        record_all_here(given.beds, given.record_into)
        return
    beds_n, seconds = given.beds, given.minutes * 60
    # All beds would compile at once.
    subprocess.run([sys.executable, "-c", "import dsp; dsp.warm_up()"], check=True)
    use_loopback()
    spawn = multiprocessing.get_context("spawn")
    tell = spawn.Queue()
    with tempfile.TemporaryDirectory() as sessions, tempfile.TemporaryDirectory() as other:
        pushed_file = Path(other) / "pushed.npy"
        source = spawn.Process(target=amplifiers, args=(beds_n, seconds, tell, pushed_file), daemon=True)
        source.start()
        wait_for(tell, "open", 120)
        watches, wards, seen, ended = [], {}, spawn.Queue(), spawn.Event()
        try:
            ears = started(beds_n, sessions, watches, one_process=given.one_process)
            if given.ward:
                command = [sys.executable, "-m", "monitor", "ward", "--headless", "--json"]
                wards["ward --json"] = subprocess.Popen(command, stdout=subprocess.DEVNULL)
                wards["ward's window"] = spawn.Process(target=ward_window, args=(seen, ended), daemon=True)
                wards["ward's window"].start()
            wait_for(tell, "begun", 300)
            measured(watches, source, wards, seconds, tell)
            wait_for(tell, "quiet", 30)
            # Before anybody ends: nothing was wrong.
            ended.set()
            shown, alerts = seen.get(timeout=60) if wards else ([], [])
            for watch in watches:
                watch.terminate()
            for watch in watches:
                watch.wait(120)
        finally:
            for process in [*watches, *(w for w in wards.values() if isinstance(w, subprocess.Popen))]:
                if process.poll() is None:
                    process.kill()
            source.terminate()
        told(beds_n, seconds, Path(sessions), ears, shown, np.load(pushed_file))
        if wards:
            sys.stdout.write(f"false alerts at the ward: {len(alerts)} {alerts or ''}\n")


def measured(watches, source, wards, seconds, tell):
    """Measure processor and memory from a minute in until the last sample is sent."""
    time.sleep(min(_SETTLED_S, seconds / 4))
    named = {
        "recorders": [psutil.Process(w.pid) for w in watches],
        "amplifiers": [psutil.Process(source.pid)],
    }
    named |= {name: [psutil.Process(ward.pid)] for name, ward in wards.items()}
    begin_s, before = time.monotonic(), {n: sum(map(seconds_of_cpu, ps)) for n, ps in named.items()}
    rss_before = sum(p.memory_info().rss for p in named["recorders"])
    loads = []
    while True:
        try:
            wait_for(tell, "sent", 30)
            break
        except queue.Empty:
            loads.append(psutil.getloadavg()[0])
    took_s = time.monotonic() - begin_s
    for name, ps in named.items():
        share = (sum(map(seconds_of_cpu, ps)) - before[name]) / took_s
        infos = [p.memory_full_info() for p in ps]
        rss, pss, uss = (sum(getattr(i, key) for i in infos) / 2**20 for key in ("rss", "pss", "uss"))
        sys.stdout.write(
            f"{name}: {share * 100:.1f} % of a core ({share * 100 / len(ps):.2f} % each), "
            f"PSS {pss:.0f} MB ({pss / len(ps):.0f} each), RSS {rss / len(ps):.0f} MB each, "
            f"private {uss / len(ps):.0f} MB each\n"
        )
    rss_after = sum(p.memory_info().rss for p in named["recorders"])
    sys.stdout.write(
        f"growth of the recorders' RSS in {took_s:.0f} s: {(rss_after - rss_before) / 2**20:.0f} MB; "
        f"load average of the machine: {np.median(loads) if loads else float('nan'):.1f} (median)\n"
    )


def told(beds_n, seconds, sessions, ears, shown, pushes):
    """Say what was lost, and how late pushes and markers were."""
    due_s, pushed_s = pushes
    lost, delays, first, ready, tiles = [], [], [], [], []
    for path in sorted(p for p in sessions.iterdir() if p.is_dir()):
        bed = int(path.name.rpartition("-")[2])
        heard = ears[bed].heard
        found, late, begin, own, lit = checked(
            bed, beds_n, seconds, SessionFolder(path), heard, shown, pushed_s[:, bed]
        )
        tiles += lit
        lost.append(found)
        delays += late
        first += begin
        ready += own
    total = {key: sum(each[key] for each in lost) for key in lost[0]}
    sys.stdout.write(f"beds {len(lost)}, {seconds / 60:g} min; in all: {json.dumps(total)}\n")
    figures("push of a chunk is due -> it is pushed", (pushed_s - due_s).ravel())
    figures("true onset's sample is due -> marker heard", delays)
    # The first samples come to all recorders at once, and each loads what it needs for them.
    figures("push of the deciding chunk -> marker heard, first minute", first)
    if ready:
        figures("push of the deciding chunk -> marker heard, after it", ready)
    if tiles:
        figures("true onset's sample is due -> the bed's tile in the ward's window", tiles)


if __name__ == "__main__":
    main()
