"""Format ``movements.tsv``, ``events.tsv`` and ``limbs.tsv``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from monitor.scoring.inputs import Movement, Night
from monitor.scoring.night_tables import LEGS
from monitor.scoring.result import Score
from monitor.scoring.single_leg import merge

MIN_LM_US = 500_000
MERGE_GAP_US = 500_000
"""An LM of one leg does not depend on the profile: both rule sets use 0.5 s for both limits."""

MOVEMENT_COLUMNS = ("onset", "duration", "leg", "peak_uv", "resting_uv")
LIMB_COLUMNS = ("onset", "duration", "limb", "peak_uv", "resting_uv")
EVENT_COLUMNS = (
    *("onset", "duration", "leg", "parts", "candidate", "plm", "series", "imi"),
    *("stage", "respiratory", "arousal", "reason"),
)
NA = "n/a"


def movements_tsv(night: Night) -> str:
    """Return one row per LM of one leg, by onset, as tab-separated text.

    Movements of one leg closer than 0.5 s are merged; twitches, rejected movements and those that have not
    ended are omitted, because no column would distinguish them from LM. A merged movement has the highest
    peak and the first resting level.
    """
    rows = []
    for leg in LEGS:
        own = [m for m in night.movements if m.leg == leg and not m.rejected and not m.is_open]
        rows += [(start, stop, leg, peak, rest) for start, stop, peak, rest in limb_rows(own)]
    return _movement_table(MOVEMENT_COLUMNS, rows)


def limbs_tsv(limbs: Mapping[str, Sequence[Movement]]) -> str:
    """Return one row per movement of the limbs that are not scored, as in `movements_tsv`."""
    rows = [(a, b, limb, peak, rest) for limb, own in limbs.items() for a, b, peak, rest in limb_rows(own)]
    return _movement_table(LIMB_COLUMNS, rows)


def limb_rows(own: Sequence[Movement]) -> list[tuple[int, int, str, str]]:
    """Return onset and end (us), peak and resting level (text) of the LM of one limb (`movements_tsv`)."""
    rows = []
    own = sorted(own, key=lambda m: (m.onset_us, m.end_us, m.key))
    onset, end, _, _, keys = merge(own, MERGE_GAP_US)
    waiting = iter(own)
    for start, stop, names in zip(onset.tolist(), end.tolist(), keys, strict=True):
        merged = [next(waiting) for _ in names]
        if stop - start >= MIN_LM_US:
            peak = max((m.peak_uv for m in merged if m.peak_uv is not None), default=None)
            rows.append((start, stop, _uv(peak), _uv(merged[0].resting_uv)))
    return rows


def _movement_table(columns: Sequence[str], rows: list[tuple[int, int, str, str, str]]) -> str:
    rows.sort()
    return _table(columns, ((_s(a), _s(b - a), limb, peak, rest) for a, b, limb, peak, rest in rows))


def events_tsv(score: Score) -> str:
    """Return one row per LM after the legs were combined, counted or not, as tab-separated text."""
    return _table(
        EVENT_COLUMNS,
        (
            (
                _s(lm.onset_us),
                _s(lm.end_us - lm.onset_us),
                lm.leg,
                str(lm.parts),
                str(int(lm.candidate)),
                str(int(lm.plm)),
                NA if lm.series is None else str(lm.series),
                NA if lm.imi_us is None else _s(lm.imi_us),
                lm.stage or NA,
                str(int(lm.respiratory)),
                str(int(lm.arousal)),
                _cell(lm.reason) or NA,
            )
            for lm in score.lms
        ),
    )


def _s(us: int) -> str:
    """Format whole microseconds as seconds without conversion to float."""
    sign = "-" if us < 0 else ""
    return f"{sign}{abs(us) // 1_000_000}.{abs(us) % 1_000_000:06d}"


def _uv(value: float | None) -> str:
    return NA if value is None else f"{value:.3f}"


def _cell(words: str) -> str:
    """Remove tabs and line breaks from text that a person entered."""
    return " ".join(words.split())


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    return "".join("\t".join(row) + "\n" for row in [columns, *rows])
