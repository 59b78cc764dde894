"""The night in one line of text, for a terminal."""

from __future__ import annotations

from monitor.detection.rate import OFF_SHARE
from monitor.recorder.night import NightRecorder
from monitor.recorder.source import Source
from monitor.score import Score
from monitor.session.space import DISK_LOW_S

_NAMES = {"aasm3": "AASM v3", "wasm2016": "WASM 2016"}
_TOO_EARLY = "too early for a rate"


def status_line(night: NightRecorder) -> str:
    """Say clock, stream health, stage, both indices by their honest names, the series, the last movement."""
    if not night.time.has_begun:
        return "waiting for the first sample"
    parts = [clock(night.recorded_s), *(_health(night, s) for s in night.sources.values() if s.legs)]
    stage = night.state.stage_at(night.recorded_s)
    parts.append(f"stage {stage}" if stage else "no stages yet")
    if night.scores:
        parts.append(_indices(night))
        parts.append(_series(night.scores[night.plan.main_profile], night.recorded_s))
        parts.append(_last(night.scores[night.plan.main_profile]))
    if night.disk_s is not None and night.disk_s < DISK_LOW_S:
        parts.append(f"!! disk is full in {night.disk_s / 60:.0f} min")
    if night.trouble:
        parts.append(f"!!! {night.trouble}")
    return " | ".join(parts)


def result_lines(night: NightRecorder) -> list[str]:
    """Say for each rule set what was counted; a rate only where there was time enough for one."""
    lines = []
    for name, score in night.scores.items():
        key, title = _index_of(score)
        lines.append(
            f"{_NAMES[name]}: {score.indices.n_lm} leg movements; {title}: {_rate(score, key)} (provisional)"
        )
    return lines


def clock(seconds: float) -> str:
    """Format seconds as h:mm:ss."""
    whole = int(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}"


def _health(night: NightRecorder, source: Source) -> str:
    legs = " ".join(f"{leg[0].upper()} {_leg(night, leg)}" for leg in source.leg_names)
    if not source.connected:
        return f"{source.stream.name} {_away(night, source)} | {legs}"
    rate = source.detection.timeline.rate_hz if source.detection else 0.0
    nominal_hz = source.stream.rate_hz
    wrong = f" (not {nominal_hz:g})" if nominal_hz and abs(rate / nominal_hz - 1) > OFF_SHARE else ""
    return f"{source.stream.name} {rate:.1f} Hz{wrong} | {legs}"


def _away(night: NightRecorder, source: Source) -> str:
    if not source.waits:
        return "LOST, looking for it"
    return f"WAITING: {source.waits.replace(' SESSION ', f' {night.folder.path} ')}"


def _leg(night: NightRecorder, leg: str) -> str:
    state = night.state.leg_state(leg)
    causes = night.state.leg_causes(leg)
    return f"{state} ({', '.join(causes)})" if causes else state


def _indices(night: NightRecorder) -> str:
    main = night.scores[night.plan.main_profile]
    key, name = _index_of(main)
    texts = [f"{_NAMES[profile]} {_rate(score, key)}" for profile, score in night.scores.items()]
    return f"{name}: {', '.join(texts)} (provisional)"


def _index_of(score: Score) -> tuple[str, str]:
    """Return the index that can be shown and its honest name: without stages there is no PLMS index."""
    if score.denominators.has_stages:
        return "plms_index", f"PLMS per hour of {score.denominators.sleep_name}"
    return "plm_per_hour_recorded", "PLM per hour recorded"


def _rate(score: Score, key: str) -> str:
    value = getattr(score.indices, key)
    count = score.indices.n_plms if key == "plms_index" else score.indices.n_plm
    if value is None:
        return f"- ({score.indices.why_null[key]})"
    number = f"{value:.1f}" if key not in score.indices.too_early else _TOO_EARLY
    return f"{number} [n {count}]"


def _series(score: Score, now_s: float) -> str:
    running = [series for series in score.series if not series.ended]
    if running:
        series = running[-1]
        return f"series of {series.n}, {now_s - series.last_onset_us / 1e6:.0f} s since its last onset"
    if score.pending is not None and score.pending.n > 1:
        return f"{score.pending.n} in a row, no series yet"
    return "no series now"


def _last(score: Score) -> str:
    if not score.lms:
        return "no movement yet"
    lm = score.lms[-1]
    what = "PLM" if lm.plm else "LM"
    return f"last {what} {lm.leg} {(lm.end_us - lm.onset_us) / 1e6:.1f} s at {clock(lm.onset_us / 1e6)}"
