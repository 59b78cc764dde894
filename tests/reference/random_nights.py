"""Random nights that meet every rule often, many of them on the very boundaries."""

from __future__ import annotations

import random

from monitor.scoring import Epoch, LegSpan, Movement, Night, Span

S = 1_000_000


def random_night(seed: int) -> Night:
    r = random.Random(seed)
    grid = r.choice([1, 1, 10_000, 250_000, 500_000])

    def snap(us: float) -> int:
        return max(0, round(us / grid) * grid)

    end = snap(r.uniform(60, 2400) * S)
    legs = r.choices([("left", "right"), ("left",), ("right",), ()], [20, 2, 2, 1])[0]
    return Night(
        movements=tuple(_movements(r, snap, end)),
        epochs=tuple(_epochs(r, snap, end)) if r.random() < 0.85 else (),
        respiratory=tuple(
            Span(a, a + snap(r.uniform(0, 30) * S), r.choice(["apnea", "hypopnea"]))
            for a in (snap(r.uniform(0, end)) for _ in range(r.choice([0, 1, 3, 10])))
        ),
        arousals=tuple(
            Span(a, a + snap(r.uniform(0, 12) * S))
            for a in (snap(r.uniform(0, end)) for _ in range(r.choice([0, 2, 10, 30])))
        ),
        artifacts=tuple(
            LegSpan(
                a,
                a + snap(r.uniform(0, 25) * S),
                frozenset(r.choice(COVERED)),
                is_lost_time=r.random() < 0.7,
            )
            for a in (snap(r.uniform(0, end)) for _ in range(r.choice([0, 0, 1, 3])))
        ),
        unusable={leg: tuple(_gaps(r, snap, end)) for leg in ("left", "right") if r.random() < 0.5},
        lights_off_us=snap(r.uniform(0, end / 3)) if r.random() < 0.3 else None,
        lights_on_us=snap(r.uniform(end / 2, end * 1.1)) if r.random() < 0.3 else None,
        end_us=end,
        legs=legs,
    )


COVERED = (("left",), ("right",), ("left", "right"), ("left", "right", "unknown"), ("unknown",))


def _gaps(r, snap, end):
    for _ in range(r.choice([1, 2, 4])):
        a = snap(r.uniform(0, end))
        yield Span(a, a + snap(r.choice([r.uniform(0, 60), 9.5, 10, 10.5]) * S))


def _movements(r, snap, end):
    t, k = snap(r.uniform(0, 20) * S), 0
    style = r.choice(["periodic", "busy", "mixed"])
    while t < end and k < 70:
        length = r.choice([r.uniform(0.5, 5), r.uniform(0.5, 10), 0.25, 0.5, 10, 10.5, r.uniform(0, 12)])
        leg = r.choices(["left", "right", "unknown"], [5, 5, 1])[0]
        yield _movement(r, t, t + snap(length * S), leg, k)
        k += 1
        if leg != "unknown" and r.random() < 0.45:
            other = "right" if leg == "left" else "left"
            for _ in range(r.choice([1, 1, 1, 2, 3, 4])):
                lag = r.choice([0, 0.25, 0.5, length, length + 0.25, length + 0.5, 4.5, 5, r.uniform(0, 6)])
                a = t + snap(lag * S)
                yield _movement(r, a, a + snap(r.choice([0.5, 1, 2, 5, 9]) * S), other, k)
                k += 1
        step = {
            "periodic": [20, 25, 30, r.uniform(15, 40)],
            "busy": [r.uniform(0.2, 6), 5, 4.5],
            "mixed": [r.uniform(0.2, 30), 5, 10, 89.5, 90, 90.5, 9.5, r.uniform(20, 100)],
        }[style]
        t += snap(r.choice(step) * S)
    for leg in ("left", "right"):
        if r.random() < 0.15:
            yield Movement(
                max(0, end - snap(r.uniform(0, 14) * S)),
                end,
                leg,
                f"open {leg}",
                is_open=True,
                morphology_ok=r.random() > 0.3,
                rejected="noise" if r.random() < 0.1 else "",
            )


def _movement(r, a, b, leg, k):
    return Movement(
        a, b, leg, f"{k}",
        morphology_ok=r.random() > 0.04,
        rejected="not a movement" if r.random() < 0.04 else "",
    )  # fmt: skip


def _epochs(r, snap, end):
    t = snap(r.uniform(0, 40) * S)
    stage = "N2"
    while t < end:
        length = 30 * S if r.random() < 0.95 else snap(r.uniform(1, 30) * S) or S
        if r.random() < 0.25:
            stage = r.choices(["W", "N1", "N2", "N3", "R", "unscored"], [4, 2, 6, 2, 3, 1])[0]
        if r.random() < 0.97:
            yield Epoch(t, t + length, stage)
        t += length
