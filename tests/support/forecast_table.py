"""Print the coverage of tonight's end on families of simulated nights, raw and recalibrated.

    PYTHONPATH=.:tests nice python -m support.forecast_table [NIGHTS]

Each recording lasts 8 h. Columns: hour of the recording; covered (80 % interval); decided (chance above the
reference under 5 % or over 95 %) and wrong among all nights.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence

import numpy as np

from monitor.scoring.denominators import HOUR_US
from monitor.scoring.uncertainty.forecast import PastNight, draws, recalibrate
from monitor.scoring.uncertainty.index_base import IndexBase
from support.night_families import HELD, Family, SleepNight, sleep_night

say = print
HOURS = (2, 3, 4, 5, 6)
LENGTH_H, REFERENCE = 8.0, 15.0


def past(one: SleepNight) -> PastNight:
    """Return a night as the archive has it; sleep is spread evenly in pieces of a minute."""
    begins = (np.arange(480) * HOUR_US // 60).astype(np.int64)
    spans = (begins, begins + round(one.asleep * HOUR_US / 60))
    total_h = float((spans[1] - spans[0]).sum()) / HOUR_US
    return PastNight(IndexBase("plms_index", one.at_h, total_h, spans), round(LENGTH_H * HOUR_US))


def forecasts(one: SleepNight, hour: int) -> np.ndarray:
    """Return draws of the final index as known at an hour of the recording."""
    passed_h = hour * one.asleep
    at_h = one.at_h[one.at_h < passed_h]
    return draws(at_h, passed_h, LENGTH_H - hour, one.asleep, is_sleep=True)


def judged(one: SleepNight, hour: int) -> tuple[float, bool, bool]:
    """Return how far the final index is outside the interval (ln), whether it is decided, and wrongly so."""
    final, reached = forecasts(one, hour), one.at_h.size / (LENGTH_H * one.asleep)
    low, high = np.log1p(np.quantile(final, [0.1, 0.9]))
    chance = float(np.mean(final > REFERENCE))
    decided = not 0.05 <= chance <= 0.95
    wrong = decided and (chance > 0.5) != (reached > REFERENCE)
    return max(low - np.log1p(reached), np.log1p(reached) - high), decided, wrong


def table(families: Mapping[str, Family], nights: int, seed: int = 1, archives: int = 0) -> dict:
    """Return shares covered, decided and wrong by family and hour.

    Parameters
    ----------
    archives : int
        Archives of 30 past nights, drawn from all families, by which the interval is recalibrated; the
        coverage is the mean over them; 0 for the raw interval.
    """
    rng, found = np.random.default_rng(seed), {}
    names = list(families)
    widened = {hour: [0.0] if not archives else [] for hour in HOURS}
    for _ in range(archives):
        old = [past(sleep_night(rng, families[names[i % len(names)]])) for i in range(30)]
        for hour in HOURS:
            widened[hour].append(recalibrate("plms_index", hour * HOUR_US, old)[0])
    for name, family in families.items():
        own = [sleep_night(rng, family) for _ in range(nights)]
        for hour in HOURS:
            outside, decided, wrong = np.array([judged(one, hour) for one in own]).T
            covered = np.mean([np.mean(outside <= limit + 1e-9) for limit in widened[hour]])
            found[name, hour] = np.array([covered, decided.mean(), wrong.mean()])
    return found


def lines(found: Mapping[tuple[str, int], np.ndarray], names: Sequence[str]) -> list[str]:
    """Format a table."""
    head = "covered / decided / wrong".ljust(26) + "".join(f"{hour} h".rjust(18) for hour in HOURS)
    rows = {name: [found[name, hour] for hour in HOURS] for name in names}
    rows["all"] = [np.mean([found[name, hour] for name in names], axis=0) for hour in HOURS]
    text = {
        name: "".join(f"{c:.2f}/{d:.2f}/{w:.3f}".rjust(18) for c, d, w in row) for name, row in rows.items()
    }
    return [head, *(f"{name:<26}{cells}" for name, cells in text.items())]


if __name__ == "__main__":
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    for title, n in (("raw, broad prior", 0), ("recalibrated on 30 past nights, mean of 10", 10)):
        say(title)
        say("\n".join(lines(table(HELD, number, archives=n), list(HELD))))
