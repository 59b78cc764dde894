"""Random nights that meet every rule often, many of them on the very boundaries."""

from __future__ import annotations

import random
from dataclasses import replace

from monitor.scoring import Epoch, LegSpan, Movement, Night, Span

S = 1_000_000


def random_night(seed: int) -> Night:
    """Return a night; every third has bursts, twitches and mostly arms too."""
    night = plain_night(seed)
    return night if seed % 3 else _with_bursts(random.Random(f"bursts {seed}"), night)


def _with_bursts(r: random.Random, night: Night) -> Night:
    grid = r.choice([1, 10_000, 50_000])

    def snap(us: float) -> int:
        return max(0, round(us / grid) * grid)

    movements = []
    for one in night.movements:
        if one.is_open or r.random() < 0.2:
            movements.append(one)
            continue
        hz = r.choice([0.25, 0.29, 0.3, 0.5, 1.0, 1.5, 2.0, 3.0, 3.1, 4.0, 4.2, 6.0])
        each = r.choice([0.05, 0.1, 0.14, 0.15, 0.2, 0.3, 0.5, 0.6, 1.0, 1.1])
        n = r.choice([1, 2, 3, 4, 5, 8, 12])
        alone = _burst_list(snap, one.onset_us, hz, each, n)
        own = replace(one, bursts=alone, restored=r.random() < 0.06)
        if r.random() < 0.6:
            own = replace(own, end_us=max(alone[-1][1], own.onset_us))
        movements.append(own)
        if own.leg != "unknown" and r.random() < 0.3:
            other = "right" if own.leg == "left" else "left"
            late = _burst_list(snap, own.onset_us + snap(S / hz / 2), hz, each, n)
            movements.append(Movement(late[0][0], late[-1][1], other, f"{own.key} too", bursts=late))
    twitches = []
    while r.random() < 0.9 and len(twitches) < 80:
        t, leg = snap(r.uniform(0, night.end_us)), r.choice(["left", "right", "unknown"])
        for k in range(r.choice([1, 5, 8])):
            a = t + snap(k * r.uniform(0.5, 8) * S)
            b = a + snap(r.choice([0.05, 0.1, 0.14, 0.15, 0.3]) * S)
            twitches.append(Movement(a, b, leg, f"t{len(twitches)}", bursts=((a, b),)))
    return replace(night, movements=tuple(movements), twitches=tuple(twitches), limbs=_limbs(r, snap, night))


def _burst_list(snap, onset_us: int, hz: float, each: float, n: int) -> tuple[tuple[int, int], ...]:
    starts = [onset_us + snap(k * S / hz) for k in range(n)]
    return tuple((a, a + snap(each * S)) for a in starts)


def _limbs(r: random.Random, snap, night: Night) -> dict[str, tuple[Movement, ...]]:
    if r.random() < 0.4:
        return {}
    found = {}
    for limb in r.choice([("left_arm",), ("left_arm", "chin")]):
        near = [m.onset_us + snap(r.uniform(-2, 12) * S) for m in night.movements if r.random() < 0.4]
        found[limb] = tuple(
            Movement(a, a + snap(r.choice([0.3, 0.5, 1, 3, 20, 44, 46]) * S), "unknown", f"{limb}{k}")
            for k, a in enumerate(near)
        )
    return found


def plain_night(seed: int) -> Night:
    """Return the same night without bursts, twitches and arms."""
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
