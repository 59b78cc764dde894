"""Measure the detector on semi-synthetic nights.

``PYTHONPATH=tests python tests/detector/measure.py --seeds 1:4`` prints the table of the targets,
with ``--harder`` the one beyond them, with ``--hours 8`` one of long nights, each run through in one go; with
``--conditions thirty`` it is the flag delay of a burst of 30 uV.

A hit is a one-to-one pair with overlap / union >= 0.5. Flag delay (median and 95 % of the hits, ms) is from
the true onset to the sample with which the onset became known. Onset and offset errors (ms) are of hits.
``withdrawn`` is the share of flags that came to nothing; a twitch is a burst, flagged rightly. ``index`` is
the error of the PLMS index, ``|found / true - 1|`` in %, mean and worst over the nights: both lists scored by
the program's own rules as N2 throughout, under AASM and WASM; the rows with most nights say most, since a
night has only some 100 movements an hour and one of them is 1 %.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass, field

import numpy as np
from support.detector_recordings import CONDITIONS, HARDER, RATES, Night, make_night, make_parts

from dsp import DetectorSettings, EventKind, LegDetector
from monitor import scoring
from monitor.detection.filters import design_filters
from monitor.model import rules


@dataclass
class Score:
    """Counts and errors over one or more nights."""

    hits: int = 0
    missed: int = 0
    false: int = 0
    flags: int = 0
    withdrawn: int = 0
    onset_s: list = field(default_factory=list)
    offset_s: list = field(default_factory=list)
    delay_s: list = field(default_factory=list)
    index_errors: list = field(default_factory=list)  # of each night, by rule set

    @property
    def f1(self):
        """Event F1; 1 when there was nothing and nothing was found."""
        total = 2 * self.hits + self.missed + self.false
        return 2 * self.hits / total if total else 1.0

    def add(self, other):
        """Take another night's counts and errors in."""
        for name, value in vars(other).items():
            setattr(self, name, getattr(self, name) + value)


def detect(night, settings=None, chunk_n=4096):
    """Return all events of one leg."""
    settings = settings or DetectorSettings()
    detector = LegDetector(settings, night.fs_hz, design_filters(night.fs_hz, settings))
    found = [
        detector.process(np.ascontiguousarray(night.x_uv[i : i + chunk_n]))[0]
        for i in range(0, night.x_uv.size, chunk_n)
    ]
    return np.concatenate([*found, detector.finish()])


def detect_parts(parts, settings=None):
    """Run one detector through the parts of a night; return the whole (without signal) and all events."""
    settings, detector = settings or DetectorSettings(), None
    truth, found, done_n = [], [], 0
    for part in parts:
        if detector is None:
            detector = LegDetector(settings, part.fs_hz, design_filters(part.fs_hz, settings))
        found.append(detector.process(part.x_uv)[0])
        truth.append(part.truth_s + done_n / part.fs_hz)
        done_n += part.x_uv.size
    nothing = np.empty(0)
    whole = Night(nothing, part.fs_hz, np.concatenate(truth), nothing)
    return whole, np.concatenate([*found, detector.finish()])


def n_plms(spans_s):
    """Return the PLMS of a leg in N2 by each rule set, from rows (onset_s, offset_s)."""
    us = np.rint(np.asarray(spans_s).reshape(-1, 2) * 1e6).astype(int)
    end_us = int(us.max(initial=0)) + 60_000_000
    night = scoring.Night(
        movements=tuple(scoring.Movement(a, b, "left", str(k)) for k, (a, b) in enumerate(us.tolist())),
        epochs=(scoring.Epoch(0, end_us, "N2"),),
        end_us=end_us,
        legs=("left",),
    )
    return np.array([scoring.score(night, each).indices.n_plms for each in rules.PROFILES.values()])


def score(night, events):
    """Match the closed movements with the truth."""
    result = Score()
    closed = events[events["kind"] == EventKind.CLOSED]
    spans = np.stack([closed["onset_index"], closed["offset_index"]], axis=1) / night.fs_hz
    flags = events[events["kind"] == EventKind.ONSET]
    result.flags = len(flags)
    withdrawn = events["kind"] == EventKind.WITHDRAWN
    # A twitch is a real burst, flagged rightly and shown: only flags that came to nothing count here.
    result.withdrawn = int(np.sum(withdrawn & ~events["twitch"]))
    true_n = n_plms(night.truth_s)
    if np.all(true_n > 0):
        result.index_errors.append(np.abs(n_plms(spans) / true_n - 1))
    free = np.ones(len(spans), bool)
    for onset, offset in night.truth_s:
        overlap = np.minimum(spans[:, 1], offset) - np.maximum(spans[:, 0], onset)
        union = np.maximum(spans[:, 1], offset) - np.minimum(spans[:, 0], onset)
        share = np.where(free, overlap / union, -1.0)
        if share.size == 0 or share.max() < 0.5:
            result.missed += 1
            continue
        k = int(share.argmax())
        free[k] = False
        result.hits += 1
        result.onset_s.append(spans[k, 0] - onset)
        result.offset_s.append(spans[k, 1] - offset)
        known = flags["known_index"][flags["movement"] == closed["movement"][k]][0]
        result.delay_s.append(known / night.fs_hz - onset)
    result.false = int(free.sum())
    return result


def line(name, total, worst):
    """Return one row of the table."""
    onset, offset, delay = (1000 * np.array(v) for v in (total.onset_s, total.offset_s, total.delay_s))
    cells = [
        f"{name:16s} n={total.hits + total.missed:5d} F1 {total.f1:.4f} worst {worst:.3f}",
        f"miss {total.missed:3d} false {total.false:3d}",
        f"onset |med| {np.median(abs(onset)):4.0f} p95 {np.percentile(abs(onset), 95):4.0f}",
        f"bias {np.median(onset):4.0f}",
        f"offset |med| {np.median(abs(offset)):4.0f} p95 {np.percentile(abs(offset), 95):5.0f}",
        f"bias {np.median(offset):4.0f}",
        f"delay {np.median(delay):4.0f} p95 {np.percentile(delay, 95):4.0f}",
        f"withdrawn {100 * total.withdrawn / max(1, total.flags):.1f} %",
    ]
    if total.index_errors:
        errors = 100 * np.array(total.index_errors)
        each = zip(rules.PROFILES, errors.mean(axis=0), errors.max(axis=0), strict=True)
        cells += [f"index {name} {mean:.1f} worst {worst:.1f} %" for name, mean, worst in each]
    return "  ".join(cells)


def main():
    """Print the table, one row for each rate and condition."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", default="100:104")
    parser.add_argument("--rates", default=",".join(map(str, RATES)))
    parser.add_argument("--conditions")
    parser.add_argument("--harder", action="store_true", help="the conditions beyond the targets")
    parser.add_argument("--hours", type=float, help="nights of so many hours")
    parser.add_argument("--minutes", type=float, default=20.0)
    parser.add_argument("--synthetic", action="store_true", help="shaped noise, no recordings")
    args = parser.parse_args()
    seeds = range(*map(int, args.seeds.split(":")))
    conditions = args.conditions.split(",") if args.conditions else HARDER if args.harder else CONDITIONS
    all_f1 = []
    for rate in map(int, args.rates.split(",")):
        for condition in conditions:
            total, each = Score(), []
            for seed in seeds:
                if args.hours:
                    one = score(*detect_parts(make_parts(seed, condition, rate, args.hours)))
                else:
                    night = make_night(seed, condition, rate, args.minutes, real=not args.synthetic)
                    one = score(night, detect(night))
                each.append(one.f1)
                total.add(one)
            all_f1 += each
            sys.stdout.write(line(f"{rate} {condition}", total, min(each)) + "\n")
            sys.stdout.flush()
    sys.stdout.write(f"nights {len(all_f1)}  mean F1 {np.mean(all_f1):.4f}  worst {min(all_f1):.3f}\n")


if __name__ == "__main__":
    main()
