"""Small nights for the rule tests: seconds in, one stage throughout unless said."""

from __future__ import annotations

from monitor.scoring import Epoch, Movement, Night, Score, Span


def us(seconds: float) -> int:
    return round(seconds * 1_000_000)


def lm(onset: float, end: float, leg: str = "left", **rest) -> Movement:
    return Movement(us(onset), us(end), leg, **rest)


def train(*onsets: float, length: float = 2.0, leg: str = "left") -> list[Movement]:
    return [lm(t, t + length, leg) for t in onsets]


def spans(*bounds: tuple[float, float], label: str = "hypopnea") -> tuple[Span, ...]:
    return tuple(Span(us(a), us(b), label) for a, b in bounds)


def epochs(stages: str) -> tuple[Epoch, ...]:
    """Read one letter per 30 s: W, 1, 2, 3, R, - for unscored, . for no epoch at all."""
    names = {"W": "W", "1": "N1", "2": "N2", "3": "N3", "R": "R", "-": "unscored"}
    return tuple(
        Epoch(us(30 * i), us(30 * i + 30), names[letter]) for i, letter in enumerate(stages) if letter != "."
    )


def night(movements, stages: str = "2" * 40, end: float = 1200.0, **rest) -> Night:
    return Night(movements=tuple(movements), epochs=epochs(stages), end_us=us(end), **rest)


def row(score: Score, onset: float):
    (found,) = [one for one in (*score.lms, *score.twitches) if one.onset_us == us(onset)]
    return found
