"""Semi-synthetic signals of one leg with what must not be taken for a movement, or must be timed well.

The texture is that of `support.detector_recordings`. Ordinary bursts (0.8 to 4 s, 20 to 90 uV) lie between
the artefacts, so that a row shows both false movements and missed ones.

Rows
----
`crackle`, `crackle_pink`: a loose electrode, 200 bursts an hour of 0.1 to 2 s (a random telegraph of 30 to
60 jumps a second with decays; noise that falls with the frequency). `crackle_rare`: three an hour. `pops`:
bouts of 3 to 12 steps of 2 to 20 ms in quick succession. `lead_off`: a minute of 200 to 300 uV of mains.
`body`: body movements of 65 to 150 s. `tails`: linear and exponential decays.
`ramps`: rises of 0.5 to 1.5 s.
`jerk_weak`: a jerk, a lull, a weak contraction. `polyclonic`: jerks of 40 to 90 ms, 3 to 7 a second.
`jerks480`: jerks of 70 ms every 480 ms. `sharp_ends`: a movement that ends with its strongest jerk.
`tone_step`: the resting level rises by 8 to 14 uV for 60 to 90 s. `pump`, `square`: 2 to 20 s of a tone of
75 to 135 Hz, of a square wave of 12 Hz. `sway`: each movement moves the cable (200 uV, 1 to 5 Hz).
`quiet`: no movement at all. `tone_high`: as `tone_step`, by 18 to 40 uV.

`make_crosstalk`: two legs that move alone or together, and 10 to 30 % of one is in the channel of the other.

Truth is the rule applied to the true RMS and the true resting level; a body movement, an artefact and a step
of the resting level are not in the true RMS of a movement, except that a body movement is one movement.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy import signal

from support.detector_recordings import (
    RATES,
    TEXTURE_HZ,
    Night,
    shaped_noise,
    texture,
    true_movements,
)

FS = TEXTURE_HZ
ROWS = (
    *("crackle", "crackle_pink", "crackle_rare", "pops", "lead_off", "body", "tails", "ramps", "jerk_weak"),
    *("polyclonic", "jerks480", "sharp_ends", "tone_step", "pump", "square", "sway", "quiet", "tone_high"),
)
SHAPED = {"tails", "ramps", "jerk_weak", "polyclonic", "jerks480", "sharp_ends", "sway"}
REST_UV = 1.5


@dataclass
class Scene:
    """What is put into the signal, at 2000 Hz."""

    burst: np.ndarray
    rest: np.ndarray
    added: np.ndarray
    spans: list = field(default_factory=list)  # start and end of each artefact, s


def raised(n):
    """Return a rise from 0 to 1 in `n` samples."""
    return np.sin(np.linspace(0, np.pi / 2, max(2, int(n)))) ** 2


def contraction(duration_s, uv, attack_s, decay_s):
    """Return the RMS of a contraction."""
    n = int(duration_s * FS)
    shape = np.ones(n)
    rise, fall = (raised(min(n // 2, each * FS)) for each in (attack_s, decay_s))
    shape[: rise.size] *= rise
    shape[n - fall.size :] *= fall[::-1]
    return uv * shape


def ordinary(rng):
    """Return an ordinary burst."""
    uv, duration = np.exp(rng.uniform(np.log(20), np.log(90))), np.exp(rng.uniform(np.log(0.8), np.log(4)))
    return contraction(duration, uv, rng.uniform(0.02, 0.25), rng.uniform(0.05, 0.4))


def shaped(rng, row):
    """Return a burst of a row that is about the shape of a movement."""
    uv = np.exp(rng.uniform(np.log(25), np.log(90)))
    if row == "tails":
        plateau, n = contraction(rng.uniform(0.6, 2.5), uv, 0.05, 0.001), int(rng.uniform(0.5, 1.5) * FS)
        is_linear = rng.random() < 0.5
        fall = np.linspace(1, 0, n) if is_linear else np.exp(-np.arange(4 * n) / (0.5 * n))
        return np.concatenate([plateau, plateau[plateau.size // 2] * fall])
    if row == "ramps":
        return contraction(rng.uniform(2, 4), uv, rng.uniform(0.5, 1.5), 0.1)
    if row == "jerk_weak":
        jerk = contraction(rng.uniform(0.06, 0.12), rng.uniform(40, 100), 0.01, 0.01)
        weak = contraction(rng.uniform(0.8, 2.5), rng.uniform(11, 15), rng.uniform(0.05, 0.3), 0.1)
        return np.concatenate([jerk, np.zeros(int(rng.uniform(0.05, 0.4) * FS)), weak])
    if row in ("polyclonic", "jerks480"):
        every = 0.48 if row == "jerks480" else 1 / rng.uniform(3, 7)
        one = 0.07 if row == "jerks480" else rng.uniform(0.04, min(0.09, 0.7 * every))
        out = np.zeros(int(every * FS) * int(rng.integers(4, 10)))
        for at in range(0, out.size, int(every * FS)):
            jerk = contraction(one, uv * rng.uniform(0.8, 1.3), 0.01, 0.01)
            out[at : at + jerk.size] = jerk
        return out
    if row == "sharp_ends":
        weak = contraction(rng.uniform(0.8, 3), rng.uniform(15, 30), 0.1, 0.002)
        jerk = contraction(rng.uniform(0.05, 0.12), rng.uniform(80, 200), 0.01, 0.004)
        return np.concatenate([weak, jerk])
    return ordinary(rng)


def telegraph(rng, n):
    """Return a random telegraph of RMS 1 with decays of 20 to 200 ms, as a contact that opens and closes."""
    per_s = rng.uniform(30, 60)
    level, steps = 0.0, np.zeros(n)
    for at in np.sort(rng.integers(0, n, max(3, rng.poisson(per_s * n / FS)))):
        new = rng.normal()
        steps[at] += new - level
        level = new
    decay = np.exp(-1 / (rng.uniform(0.02, 0.2) * FS))
    x = signal.lfilter([1.0], [1.0, -decay], steps)
    return x / x.std()


def pink(rng, n):
    """Return noise of RMS 1 from 1 to 450 Hz whose power falls with the frequency to the power 1.2."""
    hz = np.fft.rfftfreq(n, 1 / FS)
    spectrum = np.fft.rfft(rng.standard_normal(n))
    spectrum *= np.where((hz > 1) & (hz < 450), 1 / np.maximum(hz, 1) ** 0.6, 0)
    x = np.fft.irfft(spectrum, n)
    return x / x.std()


def artefact(rng, row):
    """Return the waveform of one artefact of a row, uV at 2000 Hz."""
    if row in ("crackle", "crackle_pink", "crackle_rare"):
        n = int(np.exp(rng.uniform(np.log(0.1), np.log(2))) * FS)
        make = pink if row == "crackle_pink" else telegraph
        return make(rng, n) * np.exp(rng.uniform(np.log(40), np.log(300)))
    if row == "pops":
        out, at = np.zeros(4 * FS), 0.1
        for _ in range(int(rng.integers(3, 13))):
            i = int(at * FS)
            rise = np.clip((np.arange(out.size) - i) / (rng.uniform(0.002, 0.02) * FS), 0, 1)
            fall = np.exp(-np.maximum(0, np.arange(out.size) - i) / (rng.uniform(0.03, 0.3) * FS))
            out += rng.choice([-1, 1]) * rng.uniform(100, 600) * rise * fall
            at += rng.uniform(0.04, 0.25)
        return out * np.minimum(1, np.arange(out.size, 0, -1) / (0.5 * FS))
    if row == "lead_off":
        t = np.arange(60 * FS) / FS
        phase = 2 * np.pi * np.cumsum(50 + 0.1 * np.sin(2 * np.pi * t / 23)) / FS
        uv = rng.uniform(200, 300) * (1 + 0.1 * np.sin(2 * np.pi * t / 7.0))
        hum = np.sqrt(2) * uv * (np.sin(phase) + 0.1 * np.sin(3 * phase) + 0.05 * np.sin(5 * phase))
        return hum + rng.uniform(2, 6) * rng.standard_normal(t.size)
    t = np.arange(int(rng.uniform(2, 20) * FS)) / FS
    uv = np.exp(rng.uniform(np.log(12), np.log(80)))
    if row == "pump":
        return np.sqrt(2) * uv * np.sin(2 * np.pi * rng.uniform(75, 135) * t)
    return 2 * uv * np.sign(np.sin(2 * np.pi * 12 * t))


def body_movement(rng):
    """Return the RMS of a body movement: it waxes and wanes, and never rests."""
    n = int(rng.uniform(65, 150) * FS)
    t = np.arange(n) / FS
    wave = np.zeros(n)
    for _ in range(5):
        wave += rng.uniform(0.3, 1) * np.sin(2 * np.pi * (rng.uniform(0.03, 0.8) * t + rng.random()))
    uv = rng.uniform(25, 60) * np.exp(0.5 * wave)
    shape = np.ones(n)
    edge = raised(0.2 * FS)
    shape[: edge.size], shape[-edge.size :] = edge, edge[::-1]
    return np.maximum(uv, 14) * shape


PAUSE_S = {
    "lead_off": (40, 60),
    "body": (60, 90),
    "tone_step": (60, 90),
    "tone_high": (60, 90),
    "pump": (15, 30),
    "square": (15, 30),
}


def plan(rng, row, n):
    """Return the scene: bursts and artefacts in turn."""
    scene = Scene(np.zeros(n), np.full(n, REST_UV), np.zeros(n))
    at, count = rng.uniform(8, 12), 0
    per_burst = {"crackle": 1, "crackle_pink": 1, "pops": 1}.get(row, 0)
    next_artefact = at + (rng.uniform(100, 900) if row == "crackle_rare" else 20)
    while True:
        burst = shaped(rng, row) if row in SHAPED else ordinary(rng)
        i = int(at * FS)
        if i + burst.size + 8 * FS > n:
            return scene
        if row != "quiet":
            scene.burst[i : i + burst.size] = burst
            if row == "sway":
                t = np.arange(burst.size) / FS
                edge = np.sqrt(np.clip(burst / burst.max(), 0, 1))
                for _ in range(2):
                    turns = rng.uniform(1, 5) * t + rng.random()
                    scene.added[i : i + burst.size] += edge * rng.uniform(60, 200) * np.sin(2 * np.pi * turns)
        at += burst.size / FS + rng.uniform(2.5, 5) if row != "quiet" else 5
        count += 1
        is_due = at >= next_artefact and row not in SHAPED and row != "quiet"
        if not is_due:
            at += rng.uniform(8, 20) if not per_burst else 0
            if not per_burst:
                continue
        used = put(rng, row, scene, at)
        at += used + rng.uniform(3, 8)
        low, high = PAUSE_S.get(row, (5, 8)) if row != "crackle_rare" else (800, 1600)
        next_artefact = at + rng.uniform(low, high)


def put(rng, row, scene, at):
    """Put one artefact of a row at `at` (s); return its length, 0 when there is no room."""
    i, n = int(at * FS), scene.burst.size
    if row == "body":
        wave = body_movement(rng)
    elif row in ("tone_step", "tone_high"):
        length = rng.uniform(60, 90)
        if i + (length + 12) * FS > n:
            return 0.0
        uv = rng.uniform(8, 14) if row == "tone_step" else rng.uniform(18, 40)
        step = contraction(length, uv, 0.5, 0.5)
        scene.rest[i : i + step.size] += step
        scene.spans.append((at, at + length))
        for later in (25, 45):
            burst = 1.5 * ordinary(rng)
            k = int((at + later) * FS)
            scene.burst[k : k + burst.size] = burst
        return length
    else:
        wave = artefact(rng, row)
    if i + wave.size + 12 * FS > n:
        return 0.0
    target = scene.burst if row == "body" else scene.added
    target[i : i + wave.size] += wave
    scene.spans.append((at, at + wave.size / FS))
    return wave.size / FS


@dataclass(frozen=True)
class ArtefactNight(Night):
    """One leg with artefacts: also their spans, s."""

    spans_s: tuple = ()


def make_artefacts(seed, row, fs_hz, minutes=15.0, real=True):
    """Return one leg of a row of `ROWS`.

    Parameters
    ----------
    seed : int
        Same seed, row, rate: same signal.
    row : str
    fs_hz : int
        One of `detector_recordings.RATES`.
    minutes : float
    real : bool
        Texture from the shared recordings, where present.
    """
    rng = np.random.default_rng([seed, 7, ROWS.index(row), fs_hz])
    n = int(minutes * 60 * FS)
    scene = plan(rng, row, n)
    floor, emg = shaped_noise(rng, n, 10, 450, 400), texture(rng, n, real)
    truth = true_movements(np.sqrt(scene.rest**2 + scene.burst**2), scene.rest, FS)
    added = scene.added
    up, down = RATES[fs_hz]
    if down > 1:
        floor, emg, added = (signal.resample_poly(each, up, down) for each in (floor, emg, added))
    keep = np.minimum((np.arange(emg.size) * down / up).astype(int), n - 1)
    rest, burst = scene.rest[keep], scene.burst[keep]
    x = rest * floor / floor.std() + burst * emg / emg.std() + added
    return ArtefactNight(x, float(fs_hz), truth, np.sqrt(rest**2 + burst**2), tuple(scene.spans))


def bursts_of_two(rng, n):
    """Return the RMS of two legs: either alone or both, with onsets up to 1.5 s apart."""
    legs = np.zeros((2, n))
    at = rng.uniform(8, 12)
    while True:
        each = [ordinary(rng), ordinary(rng)]
        starts = [int(at * FS), int((at + rng.uniform(0, 1.5)) * FS)]
        ends = [start + burst.size for start, burst in zip(starts, each, strict=True)]
        if max(ends) + 8 * FS > n:
            return legs
        which = (0, 1) if rng.random() < 0.5 else (int(rng.integers(2)),)
        order = rng.permutation(2)
        for k in which:
            legs[order[k], starts[k] : ends[k]] = each[k]
        at = max(ends[k] for k in which) / FS + rng.uniform(5, 12)


def make_crosstalk(seed, fs_hz, minutes=15.0, real=True):
    """Return two legs (`Night` each); the second is in the first's channel with a gain of 0.1 to 0.3.

    Parameters
    ----------
    seed, fs_hz, minutes, real
        As in `make_artefacts`.
    """
    rng = np.random.default_rng([seed, 8, fs_hz])
    n = int(minutes * 60 * FS)
    bursts = bursts_of_two(rng, n)
    up, down = RATES[fs_hz]
    signals, truths = [], []
    for burst in bursts:
        floor, emg = shaped_noise(rng, n, 10, 450, 400), texture(rng, n, real)
        x = REST_UV * floor / floor.std() + burst * emg / emg.std()
        signals.append(signal.resample_poly(x, up, down) if down > 1 else x)
        rest = np.full(n, REST_UV)
        truths.append(true_movements(np.sqrt(rest**2 + burst**2), rest, FS))
    mixed = [signals[0] + rng.choice([-1, 1]) * rng.uniform(0.1, 0.3) * signals[1], signals[1]]
    return [Night(x, float(fs_hz), truth, x) for x, truth in zip(mixed, truths, strict=True)]
