"""Semi-synthetic nights: EMG texture on a known envelope, and what must not be taken for a movement.

Recipe
------
Texture: the awake tibialis recordings of the shared data (2000 Hz), where present: windows of steady
contraction, each divided by its own 200 ms RMS, crossfaded end to end, scaled to RMS 1 in the raw band. Else
Gaussian noise shaped like surface EMG (20-450 Hz, falling above 150 Hz). Floor: Gaussian noise, 10-450 Hz.
Both are resampled to the night's rate, and have RMS 1 there.

Envelope: bursts every 8 to 45 s, of 0.6 to 8 s (log-uniform), 14 to 90 uV (log-uniform), attack 20 to 250 ms,
decay 50 to 400 ms (raised cosine), plateau waving by a quarter; one in eight is a twitch of 0.1 to 0.3 s.
The true RMS is ``sqrt(rest**2 + burst**2)``. Truth: the rule itself on that RMS (rest + 8, rest + 2, 0.5 s,
0.5 s) with the true resting level; a burst's RMS passes the onset level by 3 uV at least.

Conditions: `clean` (rest 1.5 uV), `drift` (rest 1 to 5 uV over minutes), `posture` (rest jumps between 1 and
5 uV within a second, every 40 to 120 s, away from movements or not, plus 15 s body movements), `ecg` (QRS 18
to 45 uV, 50 to 110 bpm), `mains` (50 or 60 Hz, 3 to 9 uV, wandering by 0.1 Hz, harmonics), `pops` (steps of
200 to 1000 uV with decay, 0.3 Hz sway of 200 uV), `dropouts` (NaN of 0.1 s anywhere and of 1 to 4 s between
movements), `all` at once.

Harder, beyond the targets (`HARDER`): `low` (bursts of 9 to 12 uV above rest, those that pass the onset level
by 1 uV to 4), `tone` (rest 8 uV), `fast_ecg` (110 bpm), `close` (groups of two to four bursts, the true RMS
0.6 s below the onset level between them), `fasciculation` (single motor units of 5 to 12 ms, 20 to 150 uV,
0.3 to 1.5 a second in bouts; none is a movement), `tremor` (every other burst waxes and wanes wholly six
times a second, for 2 to 20 s: by the rule one movement, because no lull lasts 0.5 s).

`thirty`: clean, each burst 30 uV; the flag delay is stated for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy import signal

from monitor.simulator.conditions import CLOSE_GAP_S, TONE_UV, TREMOR_HZ, discharge
from support.realdata import REAL_DATA

DATA = REAL_DATA / "tibialis_awake_30subjects_2000hz.npz"
TEXTURE_HZ = 2000
CONDITIONS = ("clean", "drift", "posture", "ecg", "mains", "pops", "dropouts", "all")
HARDER = ("low", "tone", "fast_ecg", "close", "fasciculation", "tremor")
THIRTY = "thirty"
RATES = {200: (1, 10), 256: (16, 125), 500: (1, 4), 512: (32, 125), 1000: (1, 2), 2000: (1, 1)}


@dataclass(frozen=True)
class Night:
    """One leg: raw signal, rate, true (onset_s, offset_s) rows and the true RMS."""

    x_uv: np.ndarray
    fs_hz: float
    truth_s: np.ndarray
    rms_uv: np.ndarray


@cache
def contractions():
    """Return steady contractions of the shared data, each at RMS 1; empty without the data."""
    if not DATA.exists():
        return ()
    found = []
    sos = signal.butter(2, 15, "highpass", fs=TEXTURE_HZ, output="sos")
    with np.load(DATA) as tasks:
        for key in sorted(tasks.files):
            if not key.endswith("_ta"):
                continue
            column = tasks[key][:, 2] if tasks[key].ndim == 2 else tasks[key]
            x = signal.sosfiltfilt(sos, column * 0.1)
            power = np.convolve(x * x, np.ones(400) / 400, "same")
            steady = power > 0.3 * np.percentile(power, 90)
            edges = np.flatnonzero(np.diff(np.concatenate([[0], steady.astype(int), [0]])))
            for start, stop in edges.reshape(-1, 2):
                if stop - start > TEXTURE_HZ:
                    found.append((x / np.sqrt(power + 1e-9))[start:stop])
    return tuple(found)


def shaped_noise(rng, n, low_hz, high_hz, corner_hz):
    """Return Gaussian noise of RMS 1 in a band, falling by 6 dB per octave above `corner_hz`."""
    spectrum = np.fft.rfft(rng.standard_normal(n))
    hz = np.fft.rfftfreq(n, 1 / TEXTURE_HZ)
    spectrum *= ((hz > low_hz) & (hz < high_hz)) / np.sqrt(1 + (hz / corner_hz) ** 2)
    x = np.fft.irfft(spectrum, n)
    return x / x.std()


def texture(rng, n, real):
    """Return EMG texture of RMS 1 at 2000 Hz, from the recordings if `real` and present."""
    pieces = contractions() if real else ()
    if not pieces:
        return shaped_noise(rng, n, 20, 450, 150)
    out = np.zeros(n + 4 * TEXTURE_HZ)
    fade = 100
    at = 0
    while at < n:
        piece = pieces[rng.integers(len(pieces))].copy()
        ramp = np.sin(np.linspace(0, np.pi / 2, fade))
        piece[:fade] *= ramp
        piece[-fade:] *= ramp[::-1]
        piece = piece[: out.size - at]
        out[at : at + piece.size] += piece
        at += piece.size - fade
    out = out[:n]
    return out / out.std()


def burst_envelope(rng, t_s, rest_uv, condition):
    """Return the burst amplitude over time and the quiet spans between bursts."""
    burst = np.zeros_like(t_s)
    fs = 1 / (t_s[1] - t_s[0])
    quiet = []
    at = rng.uniform(8, 12)
    end = t_s[-1] - 12
    while at < end:
        kind = rng.random()
        duration = float(np.exp(rng.uniform(np.log(0.6), np.log(8))))
        if kind < 0.125:
            duration = rng.uniform(0.1, 0.3)
        elif condition in {"posture", "all"} and kind < 0.2:
            duration = rng.uniform(12, 18)
        uv = float(np.exp(rng.uniform(np.log(14), np.log(90))))
        rest = rest_uv[int(at * fs)]
        uv = max(uv, np.sqrt((rest + 11) ** 2 - rest**2) * 1.15)
        if condition == "low":
            uv = np.sqrt((rest + rng.uniform(9, 12)) ** 2 - rest**2)
        if condition == THIRTY:
            uv = 30.0
        is_tremor = condition == "tremor" and rng.random() < 0.5
        if is_tremor:
            duration = float(np.exp(rng.uniform(np.log(2), np.log(20))))
        attack = min(rng.uniform(0.02, 0.25), 0.4 * duration)
        decay = min(rng.uniform(0.05, 0.4), 0.5 * duration)
        i, j = int(at * fs), int((at + duration) * fs)
        if j > burst.size:
            break
        u = (np.arange(i, j) - i) / fs
        shape = np.sin(np.clip(u / attack, 0, 1) * np.pi / 2) ** 2
        shape *= np.sin(np.clip((duration - u) / decay, 0, 1) * np.pi / 2) ** 2
        wave = 1 + 0.12 * np.sin(2 * np.pi * (u * rng.uniform(0.3, 1.5) + rng.random()))
        if is_tremor:
            wave *= np.sin(np.pi * TREMOR_HZ * u) ** 2
        burst[i:j] = uv * shape * wave
        pause = rng.uniform(8, 45)
        if condition == "close" and rng.random() < 0.6:
            # From rest + 2 uV on the way down to rest + 8 uV on the way up of the next, about the same burst.
            fall, rise = (np.sqrt((rest + level) ** 2 - rest**2) / uv for level in (2, 8))
            flanks = decay * np.arcsin(np.sqrt(fall)) + 0.1 * np.arcsin(np.sqrt(min(1, rise)))
            pause = max(0.02, CLOSE_GAP_S - flanks * 2 / np.pi)
        quiet.append((at + duration + 1.5, at + duration + pause - 1.5))
        at += duration + pause
    return burst, quiet


def rest_level(rng, t_s, condition):
    """Return the true resting level over time."""
    if condition == "drift":
        period_s = rng.uniform(300, 600)
        return 3 + 2 * np.sin(2 * np.pi * (t_s / period_s + rng.random()))
    if condition == "tone":
        return np.full_like(t_s, TONE_UV)
    if condition in {"posture", "all"}:
        rest = np.full_like(t_s, 1.0)
        at, high = rng.uniform(30, 80), True
        while at < t_s[-1]:
            rise = np.clip((t_s - at) / rng.uniform(0.2, 1.0), 0, 1)
            target = rng.uniform(3, 5) if high else rng.uniform(1, 1.5)
            rest = rest + (target - rest) * rise
            high = not high
            at += rng.uniform(40, 120)
        return rest
    return np.full_like(t_s, 1.5)


def true_movements(rms_uv, rest_uv, fs_hz):
    """Return rows (onset_s, offset_s) of the rule applied to the true RMS and the true resting level."""
    rows = []
    above_on = np.flatnonzero(rms_uv >= rest_uv + 8)
    high = rms_uv > rest_uv + 2
    falls = np.flatnonzero(high[:-1] & ~high[1:]) + 1
    rises = np.flatnonzero(~high[:-1] & high[1:]) + 1
    at = 0
    while (k := np.searchsorted(above_on, at)) < above_on.size:
        onset = above_on[k]
        at = rms_uv.size
        for fall in falls[np.searchsorted(falls, onset) :]:
            next_rise = np.searchsorted(rises, fall)
            if next_rise == rises.size or rises[next_rise] - fall >= 0.5 * fs_hz:
                at = fall
                break
        if at - onset >= 0.5 * fs_hz:
            rows.append((onset / fs_hz, at / fs_hz))
    return np.array(rows).reshape(-1, 2)


def add_ecg(rng, x, fs_hz, bpm):
    """Add QRS complexes and T waves in place."""
    uv = rng.uniform(18, 45)
    u = np.arange(-0.1, 0.4, 1 / fs_hz)
    beat = np.exp(-0.5 * (u / 0.011) ** 2) - 0.25 * np.exp(-0.5 * ((u - 0.028) / 0.012) ** 2)
    beat += -0.15 * np.exp(-0.5 * ((u + 0.026) / 0.01) ** 2) + 0.2 * np.exp(-0.5 * ((u - 0.25) / 0.04) ** 2)
    at = 0.5
    while (i := int(at * fs_hz)) + u.size < x.size:
        x[i : i + u.size] += uv * beat * rng.uniform(0.9, 1.1)
        at += 60 / bpm * (1 + 0.04 * rng.standard_normal())


def add_mains(rng, x, fs_hz):
    """Add mains with harmonics, wandering in frequency, in place."""
    base_hz = rng.choice([50.0, 60.0])
    t = np.arange(x.size) / fs_hz
    hz = base_hz + 0.1 * np.sin(2 * np.pi * (t / rng.uniform(100, 400) + rng.random()))
    phase = 2 * np.pi * np.cumsum(hz) / fs_hz
    uv = rng.uniform(3, 9) * np.sqrt(2)
    for harmonic, share in ((1, 1.0), (2, 0.15), (3, 0.3)):
        if harmonic * base_hz < 0.48 * fs_hz:
            x += uv * share * np.sin(harmonic * phase + rng.uniform(0, 6))


def add_pops(rng, x, fs_hz):
    """Add electrode pops and slow sway in place."""
    seconds = x.size / fs_hz
    for at in rng.uniform(5, seconds - 5, int(seconds / 60)):
        i = int(at * fs_hz)
        u = np.arange(x.size - i) / fs_hz
        x[i:] += rng.choice([-1, 1]) * rng.uniform(200, 1000) * np.exp(-u / rng.uniform(0.03, 0.3))
    t = np.arange(x.size) / fs_hz
    x += 200 * np.sin(2 * np.pi * 0.3 * t) + 60 * np.sin(2 * np.pi * 1.1 * t)


def add_fasciculations(rng, x, fs_hz):
    """Add single motor units firing in bouts of 10 to 60 s, in place."""
    u = np.arange(-0.02, 0.02, 1 / fs_hz)
    at, seconds = rng.uniform(6, 20), x.size / fs_hz
    while at < seconds - 70:
        end, per_s = at + rng.uniform(10, 60), rng.uniform(0.3, 1.5)
        while at < end:
            width = rng.uniform(0.005, 0.012) / 4
            i = int(at * fs_hz)
            x[i : i + u.size] += rng.uniform(20, 150) * discharge(u, width)
            at += max(0.1, rng.exponential(1 / per_s))
        at += rng.uniform(10, 60)


def add_dropouts(rng, x, fs_hz, quiet):
    """Blank 0.1 s anywhere and 1 to 4 s between movements, in place."""
    seconds = x.size / fs_hz
    for at in rng.uniform(5, seconds - 5, int(seconds / 90)):
        x[int(at * fs_hz) : int((at + 0.1) * fs_hz)] = np.nan
    for start, stop in quiet:
        if rng.random() < 0.25 and stop - start > 10:
            length = rng.uniform(1, 4)
            at = rng.uniform(start, stop - length - 4.5)
            x[int(at * fs_hz) : int((at + length) * fs_hz)] = np.nan


def make_night(seed, condition, fs_hz, minutes=20.0, real=True):
    """Return one leg of a night.

    Parameters
    ----------
    seed : int
        Same seed, condition, rate: same night.
    condition : str
        One of `CONDITIONS`, one of `HARDER`, or `THIRTY`.
    fs_hz : int
        One of `RATES`.
    minutes : float
        Length.
    real : bool
        Texture from the shared recordings, where present.
    """
    rng = np.random.default_rng([seed, (*CONDITIONS, *HARDER, THIRTY).index(condition), fs_hz])
    n = int(minutes * 60 * TEXTURE_HZ)
    t_s = np.arange(n) / TEXTURE_HZ
    rest = rest_level(rng, t_s, condition)
    burst, quiet = burst_envelope(rng, t_s, rest, condition)
    up, down = RATES[fs_hz]
    floor, emg = shaped_noise(rng, n, 10, 450, 400), texture(rng, n, real)
    if down > 1:
        floor, emg = (signal.resample_poly(each, up, down) for each in (floor, emg))
    keep = np.minimum((np.arange(emg.size) * down / up).astype(int), n - 1)
    rest, burst = rest[keep], burst[keep]
    x = rest * floor / floor.std() + burst * emg / emg.std()
    rms = np.sqrt(rest**2 + burst**2)
    if condition in {"ecg", "fast_ecg", "all"}:
        add_ecg(rng, x, fs_hz, 110 if condition == "fast_ecg" else rng.uniform(50, 110))
    for name, add in (("mains", add_mains), ("pops", add_pops)):
        if condition in {name, "all"}:
            add(rng, x, fs_hz)
    if condition == "fasciculation":
        add_fasciculations(rng, x, fs_hz)
    if condition in {"dropouts", "all"}:
        add_dropouts(rng, x, fs_hz, quiet)
    return Night(x, float(fs_hz), true_movements(rms, rest, fs_hz), rms)


def make_parts(seed, condition, fs_hz, hours, part_minutes=20.0):
    """Yield a long night of one leg in parts that follow on each other, so that it need not fit in memory.

    Each is a `make_night` with a seed of its own; heart, mains and resting level change from one to the next.
    """
    for part in range(round(60 * hours / part_minutes)):
        yield make_night(1000 * seed + part, condition, fs_hz, part_minutes)
