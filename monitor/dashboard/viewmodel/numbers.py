"""The numbers on the screen: main index, current series, table of the night."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from monitor.dashboard import texts
from monitor.dashboard.viewmodel.screen import IndexView, RuleLine, SeriesView, TableRow, Trend
from monitor.model import wording
from monitor.scoring import Score
from monitor.scoring.spans import Floats

# Line breaks: the number beside leaves little room.
_UNITS = {
    "sleep": "per hour\nof sleep",
    "ESTIMATED sleep": "per hour of\nESTIMATED\nsleep",
    "partly ESTIMATED sleep": "per hour of\npartly\nESTIMATED\nsleep",
}
_SPARK_S = 7200.0
_TREND_S = 900.0
_TREND_LEAST_PER_H = 3.0


def index_key(score: Score) -> tuple[str, str, str]:
    """Return the index that the known stages allow: name in the score, title, unit."""
    if score.denominators.has_stages:
        return "plms_index", "PLMS index", _UNITS[score.denominators.sleep_name]
    return "plm_per_hour_recorded", "PLM, no stages yet", "per hour\nrecorded"


def index_view(
    scores: Mapping[str, Score],
    main: str,
    curve_s: Floats,
    rate_per_h: Floats,
    estimate: str = "",
    bands: tuple[str, str] = ("", ""),
) -> IndexView:
    """Make the view of the main index.

    Parameters
    ----------
    scores : Mapping of str to Score
    main : str
        Name of the main profile.
    curve_s, rate_per_h : ndarray
        The 30-min rate over the recording.
    estimate : str
        Remark on estimated sleep stages, empty if there are none.
    bands : tuple of str
        95 % interval of the main index, and its range over onset thresholds; empty if unknown.
    """
    key, title, unit = index_key(scores[main])
    rules = tuple(_rule_line(scores[name], name, key) for name in (main, *(n for n in scores if n != main)))
    first, (count, counted, base_us, of) = rules[0], _counted(scores[main], key)
    recent = curve_s >= (curve_s[-1] if len(curve_s) else 0.0) - _SPARK_S
    now = scores[main].indices.rate_30min
    too_early = "rate_30min" in scores[main].indices.too_early
    return IndexView(
        title=f"{counted} so far" if first.is_too_early else title,
        unit=f"{counted} in\n{wording.hours(base_us)}\n{of}" if first.is_too_early else unit,
        value=wording.count(count)
        if first.is_too_early
        else wording.big_rate(getattr(scores[main].indices, key)),
        count=count,
        counted=counted,
        is_too_early=first.is_too_early,
        remark=" · ".join(
            part
            for part in (first.why or (texts.NO_RATE_YET if first.is_too_early else ""), estimate)
            if part
        ),
        band="" if first.is_too_early else bands[0],
        thresholds="" if first.is_too_early else bands[1],
        letter_text=_letter_text(scores[main], key),
        trend=_trend(curve_s, rate_per_h),
        rules=rules,
        rate_text="30-min rate  too early" if too_early else f"30-min rate  {wording.rate(now)} /h",
        rate_s=curve_s[recent],
        rate_per_h=rate_per_h[recent],
    )


def _counted(score: Score, key: str) -> tuple[int | None, str, int | None, str]:
    """Return what an index counts: number, name, duration (us), and of what it is the duration."""
    indices, den = score.indices, score.denominators
    if key == "plms_index":
        return indices.n_plms, "PLMS", den.tst_us, f"of {den.sleep_name}"
    return indices.n_plm, "PLM", den.recording_us, "recorded"


def _letter_text(score: Score, key: str) -> str:
    if score.by_letter is None:
        return ""
    n, name = (score.indices.n_plms, "n_plms") if key == "plms_index" else (score.indices.n_plm, "n_plm")
    return wording.by_the_letter(n, getattr(score.by_letter, name), score.lookalikes)


def _rule_line(score: Score, name: str, key: str) -> RuleLine:
    n, counted, base_us, of = _counted(score, key)
    of = of.replace("partly ESTIMATED", "partly est.").removeprefix("of ")
    return RuleLine(
        wording.RULES.get(name, name),
        _rate(score, key),
        f"{wording.count(n)} {counted} in {wording.hours(base_us)} {of}",
        key in score.indices.too_early,
        score.indices.why_null.get(key, ""),
    )


def _rate(score: Score, key: str) -> str:
    """Format a rate; a dash while it is too early for it."""
    return wording.NONE if key in score.indices.too_early else wording.rate(getattr(score.indices, key))


def _trend(curve_s: Floats, rate_per_h: Floats) -> Trend:
    """Compare the 30-min rate with the rate 15 min ago."""
    known = np.flatnonzero(np.isfinite(rate_per_h))
    if not len(known) or curve_s[-1] - curve_s[known[0]] < _TREND_S:
        return ""
    now = float(rate_per_h[known[-1]])
    before = float(np.interp(curve_s[-1] - _TREND_S, curve_s[known], rate_per_h[known]))
    if abs(now - before) <= max(_TREND_LEAST_PER_H, 0.1 * before):
        return "steady"
    return "rising" if now > before else "falling"


def series_view(score: Score, now_s: float, *, is_running: bool) -> SeriesView:
    """Make the panel of the current series."""
    running = [series for series in score.series if not series.ended]
    since_us: int | None = None
    mean_us: int | None
    if is_running and running:
        series = running[-1]
        state, n, mean_us, since_us = "running", series.n, series.mean_imi_us, series.last_onset_us
        remark = "series running"
    elif is_running and score.pending is not None:
        pending = score.pending
        state, n, mean_us, since_us = "forming", pending.n, pending.mean_imi_us, pending.last_onset_us
        remark = f"a series needs {score.profile.series_min_n}"
    elif score.series:
        series = score.series[-1]
        state, n, mean_us = "none", series.n, series.mean_imi_us
        remark = f"no series now; last of {len(score.series)}"
    else:
        return SeriesView("none", wording.NONE, wording.NONE, wording.NONE, "no series yet")
    return SeriesView(
        state,  # type: ignore[arg-type]
        str(n),
        wording.NONE if mean_us is None else f"{mean_us / 1e6:.1f}",
        wording.NONE if since_us is None else wording.minutes_seconds(now_s - since_us / 1e6),
        remark,
    )


def tonight(score: Score, other: Score | None, excluded: Mapping[str, int]) -> tuple[TableRow, ...]:
    """Make the table of the night; `excluded` is that of the score.

    Values that only WASM defines are taken from it and marked.
    """
    main = score.indices
    wasm = score if score.profile.name == "wasm2016" else other
    by_leg = main.plms_by_leg or main.plm_by_leg
    excluded_n = sum(n for why, n in excluded.items() if why != "open")
    den = score.denominators
    rows = [
        _row(score, "PLMS + arousal", "plms_arousal_index", "/h sleep"),
        _row(wasm, "PLM awake", "plmw_index", "/h WASM"),
        TableRow("Leg movements", str(main.n_lm), "", "after combining both legs"),
        _ratio(wasm, "Periodicity", "pi_imi", "WASM"),
        TableRow("L · R · both", " · ".join(str(by_leg.get(leg, 0)) for leg in ("left", "right", "both"))),
        TableRow(
            "NREM · REM",
            f"{_rate(score, 'plms_nrem_index')} · {_rate(score, 'plms_rem_index')}",
            "/h",
            main.why_null.get("plms_nrem_index", ""),
        ),
        TableRow("Not counted", str(excluded_n), "", excluded_text(excluded)),
        TableRow("Usable L · R", _usable(score), "%", "share of the recording that could be scored"),
    ]
    if den.one_leg_only_us > 0:
        rows.append(TableRow("One leg only", wording.hours(den.one_leg_only_us), "", "scored with one leg"))
    if score.segments:
        rows.append(_parts(score))
    return tuple(rows)


def _parts(score: Score) -> TableRow:
    """Make the row with the index of each part of a split session, in order."""
    key, title, _ = index_key(score)
    values = " · ".join(
        wording.NONE if key in part.too_early else wording.rate(getattr(part, key)) for part in score.segments
    )
    hint = f"{title} of each part: before, " + ", ".join(part.label for part in score.segments[1:])
    return TableRow("Before · after", values, "/h", hint)


def excluded_text(excluded: Mapping[str, int]) -> str:
    """Return the reasons for exclusion with their counts, most frequent first."""
    most = sorted(excluded.items(), key=lambda pair: -pair[1])
    return ", ".join(f"{n} {wording.lm_why(why)}" for why, n in most if why != "open")


def _row(score: Score | None, name: str, key: str, unit: str) -> TableRow:
    if score is None:
        return TableRow(name, wording.NONE, unit)
    why = texts.NO_RATE_YET if key in score.indices.too_early else score.indices.why_null.get(key, "")
    return TableRow(name, _rate(score, key), unit, why)


def _ratio(score: Score | None, name: str, key: str, unit: str) -> TableRow:
    if score is None:
        return TableRow(name, wording.NONE, unit)
    return TableRow(
        name, wording.share(getattr(score.indices, key)), unit, score.indices.why_null.get(key, "")
    )


def _usable(score: Score) -> str:
    whole_us = max(score.denominators.recording_us, 1)
    shares = [score.denominators.usable_us.get(leg, 0) / whole_us * 100 for leg in ("left", "right")]
    # 99.97 must not be rounded to 100: that would hide a gap.
    return " · ".join("100" if share >= 99.995 else f"{min(share, 99.9):.1f}" for share in shares)
