"""Output of a recording in a terminal: one redrawn status line, or separate lines if not interactive.

Status of a recording as one line of text.
"""

from __future__ import annotations

import shutil
import sys

from monitor.detection.pipeline import OFF_SHARE
from monitor.model.units import unit_word
from monitor.model.wording import RULES, argument, counted, hms
from monitor.montage import Chosen, describe_line
from monitor.recorder.recorder import SessionRecorder
from monitor.recorder.source import Source
from monitor.scoring import Score
from monitor.session.disk_space import DISK_LOW_S

_TOO_EARLY = "too early for a rate"
_NO_DETECTOR = "The signal is recorded raw and no movement is detected: score the recording later."


def status_line(recorder: SessionRecorder) -> str:
    """Return time, disk problems, stream status, stage, both indices, current series and last movement."""
    if not recorder.time.has_begun:
        return "waiting for the first sample"
    # A terminal cuts the line at its width: what needs a person comes first.
    parts = [hms(recorder.recorded_s), *_warnings(recorder), *_waiting(recorder)]
    parts += [_health(recorder, s) for s in recorder.sources.values() if s.identity.legs]
    stage = recorder.state.stage_at(recorder.recorded_s)
    parts.append(f"stage {stage}" if stage else "no stages yet")
    if recorder.scores:
        parts.append(_indices(recorder))
        parts.append(_series(recorder.scores[recorder.plan.main_profile], recorder.recorded_s))
        parts.append(_last(recorder.scores[recorder.plan.main_profile]))
    return " | ".join(parts)


def _warnings(recorder: SessionRecorder) -> list[str]:
    found = [f"!!! {recorder.trouble}"] if recorder.trouble else []
    if recorder.disk_s is not None and recorder.disk_s < DISK_LOW_S:
        found.append(f"!! disk will be full in {recorder.disk_s / 60:.0f} min")
    return found


def _waiting(recorder: SessionRecorder) -> list[str]:
    """Return what the detector still has to process, if anything."""
    if not recorder.waiting_s:
        return []
    behind = f"{recorder.waiting_s:.0f} s wait for it"
    if recorder.compilation.share == 1.0:
        return [f"detector is catching up: {behind}"]
    return [f"detector is being compiled ({recorder.compilation.share:.0%}), recording raw: {behind}"]


def result_lines(recorder: SessionRecorder) -> list[str]:
    """Return the result of each rule set; a rate only if its denominator is long enough."""
    lines = []
    for name, score in recorder.scores.items():
        key, title = _index_of(score)
        lines.append(
            f"{RULES[name]}: {counted(score.indices.n_lm, 'leg movement')}; "
            f"{title}: {_rate(score, key)} (provisional)"
        )
    return lines


def _health(recorder: SessionRecorder, source: Source) -> str:
    legs = " ".join(f"{leg[0].upper()} {_leg(recorder, leg)}" for leg in source.identity.leg_names)
    if not source.identity.is_connected:
        return f"{source.name} {_away(recorder, source.identity.waits)} | {legs}"
    rate = source.detection.stream.timeline.rate_hz if source.detection else 0.0
    nominal_hz = source.identity.stream.rate_hz
    wrong = f" (not {nominal_hz:g})" if nominal_hz and abs(rate / nominal_hz - 1) > OFF_SHARE else ""
    return f"{source.name} {rate:.1f} Hz{wrong} | {legs}"


def _away(recorder: SessionRecorder, waits: str) -> str:
    if not waits:
        return "LOST, searching"
    return f"WAITING: {waits.replace(' SESSION ', f' {recorder.folder.path} ')}"


def _leg(recorder: SessionRecorder, leg: str) -> str:
    state = recorder.state.leg_state(leg)
    causes = recorder.state.leg_causes(leg)
    return f"{state} ({', '.join(causes)})" if causes else state


def _indices(recorder: SessionRecorder) -> str:
    main = recorder.scores[recorder.plan.main_profile]
    key, name = _index_of(main)
    texts = [f"{RULES[profile]} {_rate(score, key)}" for profile, score in recorder.scores.items()]
    return f"{name}: {', '.join(texts)} (provisional)"


def _index_of(score: Score) -> tuple[str, str]:
    """Return key and name of the index to show: without stages the PLMS index is undefined."""
    if score.denominators.has_stages:
        return "plms_index", f"PLMS per hour of {score.denominators.sleep_name}"
    return "plm_per_hour_recorded", "PLM per hour recorded"


def _rate(score: Score, key: str) -> str:
    value = getattr(score.indices, key)
    count = score.indices.n_plms if key == "plms_index" else score.indices.n_plm
    if value is None:
        return f"- ({score.indices.why_null[key]})"
    number = f"{value:.1f}" if key not in score.indices.too_early else _TOO_EARLY
    return f"{number} (n = {count})"


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
    leg = "both legs" if lm.leg == "both" else f"{lm.leg} leg"
    return f"last movement at {hms(lm.onset_us / 1e6)}: {leg}, {(lm.end_us - lm.onset_us) / 1e6:.1f} s"


_REDRAW_S = 0.5
_PLAIN_LINE_S = 10.0


class Terminal:
    """Write the progress of a recording to the standard output."""

    def __init__(self) -> None:
        self._live = sys.stdout.isatty()
        self._next_s = 0.0
        self._drawn = False
        self._closed = False
        self._failure = ""

    def say(self, text: str) -> None:
        """Write a text on separate lines."""
        self._write(("\n" if self._drawn else "") + text + "\n")
        self._drawn = False

    def selected(self, chosen: Chosen) -> None:
        """Print the selected stream and its interpretation."""
        self.say(f"Selected stream: {describe_line(chosen.stream)}")
        for channel in chosen.channels:
            label = channel.label or f"#{channel.index + 1}"
            how = "identified by its label" if channel.how == "label" else "as configured"
            limb, role = (
                (f"{channel.leg} leg", how) if channel.scored else (channel.leg, "recorded, not scored")
            )
            self.say(f"  {limb}: channel {label}, {unit_word(channel.unit)}, {role}")
        for warning in chosen.warnings:
            self.say(f"  note: {warning}")

    def status(self, recorder: SessionRecorder) -> None:
        """Show the status line: redrawn twice a second on a terminal, else one line every ten seconds."""
        self._say_failure(recorder)
        now_s = recorder.time.clock()
        if now_s < self._next_s:
            return
        self._next_s = now_s + (_REDRAW_S if self._live else _PLAIN_LINE_S)
        line = status_line(recorder)
        if self._live:
            width = shutil.get_terminal_size().columns - 1
            self._write("\r\x1b[K" + line[:width])
            self._drawn = True
        else:
            self._write(line + "\n")

    def ended(self, recorder: SessionRecorder) -> None:
        """Print the result of the recording."""
        self._say_failure(recorder)
        self.say(status_line(recorder))
        if recorder.trouble:
            self.say(f"!!! {recorder.trouble}")
            return
        for line in result_lines(recorder):
            self.say(line)
        path = recorder.folder.path
        self.say(f"Session saved in {path}")
        self.say(f"Open it: plms-monitor review {argument(path)}")
        self.say(f"Report: plms-monitor report {argument(path)} --out report.pdf")

    def _say_failure(self, recorder: SessionRecorder) -> None:
        """Say once that the detector cannot be compiled, which may become known during the recording."""
        failure = recorder.compilation.failure
        if failure and not self._failure:
            self._failure = failure
            self.say(f"{failure} {_NO_DETECTOR}")

    def _write(self, text: str) -> None:
        """Write until the console closes: a closed console must not end the recording."""
        if self._closed:
            return
        try:
            sys.stdout.write(text)
            sys.stdout.flush()
        except OSError:
            self._closed = True
