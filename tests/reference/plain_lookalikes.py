"""Look-alikes and large muscle group movements for the plain scorer: slow, literal, whole microseconds."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

from monitor.scoring import Night

S = 1_000_000
TREMOR = (Fraction(3, 10), Fraction(4), S)
ALTERNATING = (Fraction(1, 2), Fraction(3), S // 2)


def burst_list(night: Night, leg: str) -> list[tuple[int, int]]:
    """Bursts of a leg; those with a lull under 0.09 s are one."""
    found = sorted(
        b for m in (*night.movements, *night.twitches) if m.leg == leg and not m.rejected for b in m.bursts
    )
    out: list[tuple[int, int]] = []
    for a, b in found:
        if out and a - out[-1][1] < 90_000:
            out[-1] = (out[-1][0], max(b, out[-1][1]))
        else:
            out.append((a, b))
    return out


def train_times(bursts: list[tuple[int, int, str]], limits, alternate: bool) -> list[tuple[int, int]]:
    """Stretches of four or more short bursts in a row with the right rate (5 % tolerance)."""
    slowest, fastest, longest = limits
    out = []
    i = 0
    while i < len(bursts):
        j = i
        while j + 1 < len(bursts):
            gap = bursts[j + 1][0] - bursts[j][0]
            fits = gap * slowest <= Fraction(105, 100) * S and gap * fastest >= Fraction(95, 100) * S
            short = all(b[1] - b[0] <= longest for b in (bursts[j], bursts[j + 1]))
            if not (fits and short and (bursts[j][2] != bursts[j + 1][2] or not alternate)):
                break
            j += 1
        if j - i + 1 >= 4:
            out.append((bursts[i][0], max(b[1] for b in bursts[i : j + 1])))
        i = j + 1
    return out


def half_inside(a: int, b: int, trains: list[tuple[int, int]]) -> bool:
    cuts = sorted({a, b, *(t for train in trains for t in train if a < t < b)})
    inside = sum(y - x for x, y in pairwise(cuts) if any(p <= x and y <= q for p, q in trains))
    return 2 * inside >= max(1, b - a)


def rhythms(night: Night) -> dict:
    """Bursts and trains of each leg, and trains that alternate between the legs."""
    own = {leg: [(p, q, leg) for p, q in burst_list(night, leg)] for leg in ("left", "right", "unknown")}
    return {
        "bursts": own,
        "tremor": {leg: train_times(bursts, TREMOR, False) for leg, bursts in own.items()},
        "alternating": train_times(sorted(own["left"] + own["right"]), ALTERNATING, True),
    }


def lookalike(night: Night, found: dict, x: dict) -> str:
    """Name what a movement of one leg looks like; empty for an LM."""
    leg, a, b = x["leg"], x["a"], x["b"]
    if any(m.restored and m.key in x["keys"] for m in night.movements):
        return ""
    inside = [(p, q) for p, q, _ in found["bursts"][leg] if p < b and q > a]
    if not inside:
        return ""
    jerks = [
        t.onset_us
        for t in night.twitches
        if t.leg == leg and t.end_us - t.onset_us < 150_000 and a - 30 * S <= t.onset_us < b + 30 * S
    ]
    if all(q - p < 150_000 for p, q in inside) and len(jerks) >= 5:
        return "myoclonus"
    if leg != "unknown" and half_inside(a, b, found["alternating"]):
        return "alternating"
    if half_inside(a, b, found["tremor"][leg]):
        return "tremor"
    return ""


def large_ones(night: Night, singles: list[dict], plm_keys: set[str]) -> list[tuple[int, int]]:
    """Stretches of 3 to 45 s in which two or more channels move without a pause."""
    pieces = [(x["a"], x["b"], x["leg"], bool(plm_keys & x["keys"])) for x in singles]
    for limb, movements in night.limbs.items():
        for a, b in joined([(m.onset_us, m.end_us) for m in movements if not m.rejected]):
            if b - a >= S // 2:
                pieces.append((a, b, limb, False))
    out = []
    while pieces:
        members = [pieces.pop(0)]
        grew = True
        while grew:
            grew = False
            for p in list(pieces):
                if any(p[0] < m[1] and m[0] < p[1] for m in members) or any(p[:2] == m[:2] for m in members):
                    members.append(p)
                    pieces.remove(p)
                    grew = True
        a, b = min(m[0] for m in members), max(m[1] for m in members)
        names = {m[2] for m in members}
        other = any(name in night.limbs for name in names) if night.limbs else not all(m[3] for m in members)
        if 3 * S <= b - a <= 45 * S and len(names) >= 2 and other:
            out.append((a, b))
    return sorted(out)


def joined(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    out: list[tuple[int, int]] = []
    for a, b in sorted(spans):
        if out and a - out[-1][1] < S // 2:
            out[-1] = (out[-1][0], max(b, out[-1][1]))
        else:
            out.append((a, b))
    return out
