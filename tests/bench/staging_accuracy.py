"""How good the live estimate of sleep is, on simulated nights: accuracy, revisions, calibration, the index.

The EEG is made up (`monitor.simulator.sleep_signals`): the differences between the columns are worth reading,
the numbers themselves say little about people. Needs the extra ``staging``.

The features of the newest epoch are those it has when its right neighbour is there: live they are those of a
signal that ends with it. All else is as in a night.

    python tests/bench/staging_accuracy.py --nights 20 --out DIR      # a minute or so a night
    python tests/bench/staging_accuracy.py --out DIR --tell
"""

import argparse
import json
from pathlib import Path

import numpy as np

from monitor.model.rules import PROFILES
from monitor.scoring import score
from monitor.scoring.inputs import Epoch, Movement, Night
from monitor.simulator.scene import Scene, SceneWriter
from monitor.simulator.schedule import Schedule, write_night
from monitor.simulator.sleep_signals import SleepSignals
from monitor.staging.epoch_signal import EPOCH_N, EpochSignal
from monitor.staging.estimator import CLASSES, RunningEstimate
from monitor.staging.loop import REVIEWED_AFTER_N, revisions
from monitor.staging.model import Model

LAG_N = 10
say = print
ROLES = ("eeg", "eog", "chin")


def restless(rng, epochs_n):
    """Draw a hypnogram as of somebody who sleeps badly: falls asleep late, wakes often, some for long."""
    bouts = [("W", int(rng.uniform(15, 100))), ("N1", 6)]
    wakes = rng.uniform(0.25, 0.7)
    cycle = 0
    while sum(n for _, n in bouts) < epochs_n:
        for name, mean in (("N2", 24), ("N3", max(4, 40 - 14 * cycle)), ("N2", 30), ("R", 10 + 10 * cycle)):
            bouts.append((name, max(3, round(mean * rng.uniform(0.6, 1.4)))))
            if rng.random() < wakes:
                bouts += [("W", int(1 + rng.exponential(8))), ("N1", int(rng.integers(1, 6)))]
        cycle += 1
    fitted, left = [], epochs_n
    for name, n in bouts:
        if left > 0:
            fitted.append((name, min(n, left)))
        left -= n
    return fitted


class Sparse(Model):
    """The classifier, asked only about the epochs whose answer is used: a night takes a third of the time.

    Asked about all of them it keeps their features.
    """

    ages = known = None

    def probabilities(self, features, used, planned_s):
        if self.ages is None:
            self.known = features
            return super().probabilities(features, used, planned_s)
        found = np.full((len(features), len(CLASSES)), np.nan)
        rows = [len(features) - age for age in self.ages if age <= len(features)]
        trees = self._classifier(frozenset(self.roles))
        table = self._table(features, used, planned_s)
        found[rows] = trees.booster_.predict(table.loc[rows, trees.feature_name_], num_threads=1)
        return found


class Replayed:
    """The classifier with the features that the epochs have in the whole recording."""

    def __init__(self, model):
        self.roles, self.probabilities = model.roles, model.probabilities
        self._known, self._seen_n = model.known, 0

    def features(self, uv):
        # One epoch after its neighbours, or the whole recording.
        n = uv.shape[1] // EPOCH_N
        self._seen_n = max(self._seen_n + 1, n)
        return self._known[self._seen_n - n : self._seen_n]


class RestlessNight(Schedule):
    def _write_scene(self, index):
        rng = np.random.default_rng([9, self.seed, index])
        writer = SceneWriter(rng, self.rest, 0.0, self.duration_s)
        if index == 0:
            write_night(writer, restless)
        scene = writer.scene()
        return Scene(0.0, self.duration_s, scene.bursts, scene.marks)


def one_night(seed, hours):
    schedule = RestlessNight(seed, "night", hours * 3600.0)
    signals = SleepSignals(schedule, 100.0)
    n = int(hours * 120)
    truth = [schedule.stage_at(30.0 * i + 15) for i in range(n)]
    model = Sparse(ROLES)
    night, epochs = RunningEstimate(model, 8 * 3600.0), []
    for k in range(0, n, 60):
        uv = signals.read(k * EPOCH_N, min(60, n - k) * EPOCH_N).T
        parts = np.split(uv, uv.shape[1] // EPOCH_N, axis=1)
        new = [{r: EpochSignal(row) for r, row in zip(ROLES, part, strict=True)} for part in parts]
        night.add(new)
        epochs += new
    morning = night.estimate()
    told, first, later, n_told = {}, [], {}, 0
    live, yasa = RunningEstimate(Replayed(model), 8 * 3600.0), RunningEstimate(Replayed(model), 1.0)
    model.ages = (1, LAG_N + 1, *(after_n + 1 for after_n in REVIEWED_AFTER_N))
    for k in range(n):
        live.add(epochs[k : k + 1])
        now = live.estimate()
        changed = revisions(told, now, k)
        n_told += sum(i in told for i in changed)
        told.update(changed)
        first.append(now[k])
        if k >= LAG_N:
            later[k - LAG_N] = now[k - LAG_N]
    model.ages = None
    standing = [told[i] for i in range(n)]
    yasa.add(epochs)
    index = {
        name: plms_index(schedule, stages)
        for name, stages in (
            ("none", None), ("first", [e.stage for e in first]), ("live", [e.stage for e in standing]),
            ("morning", [e.stage for e in morning]), ("truth", truth),
        )
    }  # fmt: skip
    stages = {name: [e.stage for e in each] for name, each in (
        ("first", first), ("lag5", [later.get(i, morning[i]) for i in range(n)]), ("standing", standing),
        ("morning", morning), ("yasa", yasa.estimate()),
    )}  # fmt: skip
    return {
        "seed": seed, "truth": truth, **stages, "p_first": [e.p_sleep for e in first],
        "p_morning": [e.p_sleep for e in morning], "n_revisions": n_told, "index": index,
    }  # fmt: skip


def plms_index(schedule, stages):
    rows = schedule.truth(schedule.duration_s)
    movements = tuple(
        Movement(round(r.onset_s * 1e6), round((r.onset_s + r.duration_s) * 1e6), r.trial_type[3:], str(i))
        for i, r in enumerate(rows)
        if r.trial_type.startswith("LM_")
    )
    epochs = tuple(Epoch(i * 30_000_000, (i + 1) * 30_000_000, stage) for i, stage in enumerate(stages or ()))
    night = Night(movements=movements, epochs=epochs, end_us=round(schedule.duration_s * 1e6))
    found = {name: score(night, profile).indices for name, profile in PROFILES.items()}
    key = "plm_per_hour_recorded" if stages is None else "plms_index"
    return {name: getattr(indices, key) for name, indices in found.items()}


def kappa(a, b):
    agree = np.mean(a == b)
    chance = np.mean(a) * np.mean(b) + (1 - np.mean(a)) * (1 - np.mean(b))
    return (agree - chance) / (1 - chance)


def tell(nights):
    say(f"{len(nights)} simulated nights, {sum(len(n['truth']) for n in nights)} epochs")
    truth = np.concatenate([[s != "W" for s in n["truth"]] for n in nights])
    say(f"asleep in truth: {truth.mean():.3f}")
    for name in ("first", "lag5", "standing", "morning", "yasa"):
        found = np.concatenate([[s != "W" for s in n[name]] for n in nights])
        say(f"{name:9s} accuracy {np.mean(found == truth):.3f} kappa {kappa(found, truth):.3f}")
    for hour in range(8):
        span = slice(hour * 120, hour * 120 + 120)
        hits = [np.mean([(a == "W") == (b == "W") for a, b in zip(n["first"][span], n["truth"][span],
                strict=True)]) for n in nights]  # fmt: skip
        say(f"hour {hour + 1}: first label {np.mean(hits):.3f}")
    changed = np.mean([[(a == "W") != (b == "W") for a, b in zip(n["first"], n["morning"], strict=True)]
                       for n in nights])  # fmt: skip
    say(f"first label not the morning's: {changed:.3f}; revisions told a night: "
          f"{np.mean([n['n_revisions'] for n in nights]):.0f}")  # fmt: skip
    for name in ("p_first", "p_morning"):
        p = np.concatenate([n[name] for n in nights])
        say(f"calibration of {name}: said -> true share asleep (n)")
        for low in np.arange(0, 1, 0.1):
            inside = (p >= low) & ((p < low + 0.1) | (low > 0.85))
            if inside.any():
                say(f"  {p[inside].mean():.2f} -> {truth[inside].mean():.2f} ({inside.sum()})")
    for rules in PROFILES:
        for name in ("none", "first", "live", "morning"):
            error = np.array([n["index"][name][rules] - n["index"]["truth"][rules] for n in nights])
            size = np.abs(error)
            spread = f"median {np.median(size):.2f} p90 {np.quantile(size, 0.9):.2f}"
            say(f"{rules} {name:8s} |error| /h {spread} bias {error.mean():+.2f}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--nights", type=int, default=0)
    parser.add_argument("--hours", type=float, default=8.0)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--tell", action="store_true")
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    for seed in range(1, given.nights + 1):
        path = given.out / f"{seed}.json"
        if not path.exists():
            path.write_text(json.dumps(one_night(seed, given.hours)))
    if given.tell:
        tell([json.loads(path.read_text()) for path in sorted(given.out.glob("*.json"))])


if __name__ == "__main__":
    main()
