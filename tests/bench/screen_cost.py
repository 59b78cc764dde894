"""What the dashboard costs while it shows a running night: run by hand.

    QT_QPA_PLATFORM=offscreen python tests/bench/screen_cost.py [--seconds 10] [--only 2x500] [--profile F]

For each number of lanes and rate, at 30 and 60 frames a second, at the begin of a night and in its tenth hour
with 3000 movements: a process of its own goes on recording in real time (ring, journal, control channel), and
a fresh process shows it, first as the dashboard does, then with pyqtgraph and all samples in every frame
(`setData`), with the same lanes, size and frame rate. Behind that the gaps of a heartbeat in the painting
thread. More than two lanes are lent to the trace here.
"""

import argparse
import cProfile
import dataclasses
import itertools
import json
import multiprocessing
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import psutil

sys.path.insert(0, str(Path(__file__).parents[1]))
from support.sessions import (
    append,
    clock_fact,
    make_session,
    movement,
    quality,
    session_fact,
    stage,
    stream_fact,
)

from monitor.model.lanes import LaneChannel
from monitor.session.folder import SessionFolder

SWEEP_S, SETTLE_S, CHUNK_S = 30, 3.0, 0.032
HOURS, MOVEMENTS_N = (0.0, 10.0), 3000
LANES = ("left", "left 2", "right", "right 2", "left_arm", "right_arm")
SHAPES = {"2x500": (2, 500.0), "2x2000": (2, 2000.0), "6x2000": (6, 2000.0), "2+6x500": (2, 500.0)}
# Other signals beside the legs, in the shape with a plus sign.
OTHERS = ("eeg", "eog", "chin", "airflow", "effort", "spo2")


def others_fact():
    """Return the fact of a stream with two legs and six other signals."""
    fact = stream_fact()
    lanes = [
        {"kind": kind, "label": kind.upper(), "channel": i % 2, "unit": "µV", "scale": 1.0}
        for i, kind in enumerate(OTHERS)
    ]
    return dataclasses.replace(fact, data={**fact.data, "lanes": lanes})


def facts_until(now_s, stream):
    """Make a night so far: movements in series of both legs, stages, clock records."""
    facts = [session_fact(), clock_fact(0.0), stream, quality(0.0, "left"), quality(0.0, "right")]
    if now_s:
        onsets_s = np.linspace(60.0, now_s - 60.0, MOVEMENTS_N)
        facts += [movement(f"{'LR'[i % 2]}{i}", t_s, 1.5) for i, t_s in enumerate(onsets_s.tolist())]
        epochs = np.arange(0.0, now_s - 60.0, 30.0).tolist()
        facts += [stage(t_s, ("N2", "N2", "N3", "R", "W")[int(t_s // 1800) % 5]) for t_s in epochs]
        facts += [clock_fact(t_s) for t_s in np.arange(60.0, now_s, 60.0).tolist()]
    return facts


def record(path, shape, hour, ready):
    """Go on with a night at its own pace: samples all the time, a movement each 20 s."""
    from monitor.session.control import ControlServer
    from monitor.session.signal.live_ring import LiveRingWriter

    lanes_n, rate_hz = SHAPES[shape]
    now_s = hour * 3600.0
    stream = others_fact() if "+" in shape else stream_fact()
    folder = make_session(path, facts_until(now_s, stream))
    noise = np.random.default_rng(0).normal(0.0, 4.0, (round(60 * rate_hz), lanes_n))
    noise[np.arange(len(noise)) % round(20 * rate_hz) < 1.5 * rate_hz] *= 12.0
    chunk_n, done_n = round(CHUNK_S * rate_hz), 0
    ring = LiveRingWriter(folder.live(1), LANES[:lanes_n], rate_hz)
    names = [lane.name_in(stream.data["name"]) for lane in LaneChannel.of(stream.data)]
    beside = LiveRingWriter(folder.live_lanes(1), names, rate_hz, OTHERS) if names else None

    def write(made):
        ring.write(made)
        if beside is not None:
            beside.write(np.concatenate([made[:, :1], *[made[:, 1:2] + 90.0] * len(names)], axis=1))

    def rows(count_n):
        n = done_n + np.arange(count_n)
        made = np.full((count_n, 1 + 3 * lanes_n), 3.0)
        made[:, 0] = now_s + n / rate_hz
        made[:, 1::3] = noise[n % len(noise)]
        made[:, 2::3] = np.abs(made[:, 1::3])
        return made

    status = {"trouble": "", "saved_s_ago": 0.1, "sources": [
        {"key": 1, "name": "Amp", "connected": True, "rate_hz": rate_hz, "last_arrival_s_ago": 0.01,
         "legs": ["left", "right"]}]}  # fmt: skip
    server = ControlServer(folder.control, lambda _: status | {"recorded_s": now_s + done_n / rate_hz})
    for _ in range(round(40 / CHUNK_S)):
        write(rows(chunk_n))
        done_n += chunk_n
    ready.set()
    begun_s, first_n, moved = time.monotonic(), done_n, 0
    while server is not None:
        time.sleep(max(0.0, begun_s + (done_n - first_n) / rate_hz - time.monotonic()))
        write(rows(chunk_n))
        done_n += chunk_n
        at_s = now_s + done_n / rate_hz
        if (done_n - first_n) / rate_hz > 20 * moved + 5:
            moved += 1
            append(folder, [movement(f"L{at_s:.0f}", at_s - 2.5, 1.5), clock_fact(at_s)])


def wait(seconds):
    from PySide6.QtCore import QEventLoop, QTimer

    loop = QEventLoop()
    QTimer.singleShot(round(seconds * 1000), loop.quit)
    loop.exec()


def cost(seconds):
    """Measure this process while its event loop runs: shares of a core, of the process and of this thread."""
    wait(SETTLE_S)
    whole_s, painting_s, begun_s = time.process_time(), time.thread_time(), time.monotonic()
    wait(seconds)
    took_s = time.monotonic() - begun_s
    return (time.process_time() - whole_s) / took_s, (time.thread_time() - painting_s) / took_s


def heartbeat(seconds):
    """Return the gaps (ms) between the beats of a 10 ms timer in this thread: median, p99, largest."""
    from PySide6.QtCore import Qt, QTimer

    beats = []
    timer = QTimer(interval=10, timerType=Qt.TimerType.PreciseTimer)
    timer.timeout.connect(lambda: beats.append(time.monotonic()))
    timer.start()
    wait(seconds)
    timer.stop()
    gaps_ms = 1e3 * np.diff(beats)
    return [float(np.median(gaps_ms)), float(np.percentile(gaps_ms, 99)), float(gaps_ms.max())]


def dashboard(folder, lanes_n, fps, seconds, profile):
    from monitor.dashboard.shell.app import application
    from monitor.dashboard.shell.window import DashboardWindow
    from monitor.dashboard.viewmodel.lanes import LaneView

    application()
    window = DashboardWindow(folder)
    window.resize(1920, 1080)
    sweep = window.live.sweep
    if lanes_n > 2:
        sweep.set_lanes(tuple(LaneView(name, name.split(" ")[0]) for name in LANES[:lanes_n]))
        sweep.set_lanes = lambda _: None
    window.set_frame_ms(1000 // fps)
    window.start()
    window.show()
    wait(2.0)
    first, begun_s = window.frames_n, time.monotonic()
    profiler = cProfile.Profile()
    if profile:
        profiler.enable()
    whole, painting = cost(seconds)
    if profile:
        profiler.disable()
        profiler.dump_stats(profile)
    rate = (window.frames_n - first) / (time.monotonic() - begun_s)
    beats = heartbeat(seconds)
    movements_n = len(sweep.movements.brackets)
    window.stop()
    window.hide()
    return {"whole": whole, "painting": painting, "fps": rate, "gap_ms": beats, "movements": movements_n}


def plain(folder, lanes_n, fps, seconds):
    """Draw every sample of the last 30 s in each frame, as one would begin."""
    import pyqtgraph as pg
    from PySide6.QtCore import Qt, QTimer

    from monitor.dashboard.shell.app import application
    from monitor.session.signal.live_ring import LiveRing

    application()
    widget = pg.GraphicsLayoutWidget()
    widget.resize(1160, 640)
    curves = [widget.addPlot(row=row, col=0).plot(pen=pg.mkPen("w", width=1)) for row in range(lanes_n)]
    ring = LiveRing.open(folder.live(1))
    frames = itertools.count()

    def frame():
        next(frames)
        _, rows = ring.read_last(SWEEP_S)
        for i, curve in enumerate(curves):
            curve.setData(rows[:, 0], rows[:, 1 + 3 * i])

    timer = QTimer(interval=1000 // fps, timerType=Qt.TimerType.PreciseTimer)
    timer.timeout.connect(frame)
    timer.start()
    widget.show()
    begun_s = time.monotonic()
    whole, painting = cost(seconds)
    return {"whole": whole, "painting": painting, "fps": next(frames) / (time.monotonic() - begun_s)}


def one(asked):
    lanes_n, _ = SHAPES[asked.shape]
    folder = SessionFolder(asked.one)
    if asked.how == "plain":
        found = plain(folder, lanes_n, asked.fps, asked.seconds)
    else:
        found = dashboard(folder, lanes_n, asked.fps, asked.seconds, asked.profile)
    sys.stdout.write(json.dumps(found) + "\n")


def measured(path, shape, fps, how, asked):
    options = {"--one": path, "--shape": shape, "--fps": fps, "--how": how, "--seconds": asked.seconds}
    if asked.profile:
        options["--profile"] = asked.profile
    command = [sys.executable, __file__, *(str(part) for pair in options.items() for part in pair)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300)
    return json.loads(done.stdout.splitlines()[-1])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--only", choices=SHAPES, help="Lanes and rate.")
    parser.add_argument("--profile", metavar="F", help="Leave the painting thread's profile here.")
    for hidden in ("--one", "--shape", "--how"):
        parser.add_argument(hidden, help=argparse.SUPPRESS)
    parser.add_argument("--fps", type=int, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        asked.one = Path(asked.one)
        one(asked)
        return
    context = multiprocessing.get_context("spawn")
    say = sys.stdout.write
    say(
        "lanes x Hz  hour  fps | dashboard: of a core, painting thread, frames/s "
        "| heartbeat gap ms: median p99 max | setData: of a core, frames/s | load\n"
    )
    for shape, hour in itertools.product([asked.only] if asked.only else SHAPES, HOURS):
        with tempfile.TemporaryDirectory() as parent:
            path, ready = Path(parent) / "night", context.Event()
            recorder = context.Process(target=record, args=(path, shape, hour, ready), daemon=True)
            recorder.start()
            ready.wait(120)
            for fps in (30, 60):
                own, naive = (measured(path, shape, fps, how, asked) for how in ("own", "plain"))
                gap = " ".join(f"{ms:6.1f}" for ms in own["gap_ms"])
                say(
                    f"{shape:>10}  {hour:4g}  {fps:3d} "
                    f"| {own['whole']:6.1%} {own['painting']:6.1%} {own['fps']:5.1f} | {gap} "
                    f"| {naive['whole']:7.1%} {naive['fps']:5.1f} | {psutil.getloadavg()[0]:.1f}"
                    f"   ({own['movements']} movements)\n"
                )
                sys.stdout.flush()
            recorder.terminate()
            recorder.join()


if __name__ == "__main__":
    main()
