"""Output of a recording in a terminal: one redrawn status line, or separate lines if not interactive."""

from __future__ import annotations

import shutil
import sys

from monitor.montage import Chosen, describe_line, unit_word
from monitor.recorder.night import NightRecorder
from monitor.recorder.status import result_lines, status_line

_REDRAW_S = 0.5
_PLAIN_LINE_S = 10.0


class Terminal:
    """Write the progress of a recording to the standard output."""

    def __init__(self) -> None:
        self._live = sys.stdout.isatty()
        self._next_s = 0.0
        self._drawn = False
        self._gone = False

    def say(self, text: str) -> None:
        """Write a text on separate lines."""
        self._write(("\n" if self._drawn else "") + text + "\n")
        self._drawn = False

    def taken(self, chosen: Chosen) -> None:
        """Print the selected stream and its interpretation."""
        self.say(f"Selected stream: {describe_line(chosen.stream)}")
        for channel in chosen.legs:
            label = channel.label or f"#{channel.index + 1}"
            how = "identified by its label" if channel.how == "label" else "as configured"
            self.say(f"  {channel.leg} leg: channel {label}, {unit_word(channel.unit)}, {how}")
        for channel in chosen.limbs:
            label = channel.label or f"#{channel.index + 1}"
            self.say(f"  {channel.leg}: channel {label}, {unit_word(channel.unit)}, recorded, not scored")
        for warning in chosen.warnings:
            self.say(f"  note: {warning}")

    def status(self, night: NightRecorder) -> None:
        """Show the status line: redrawn twice a second on a terminal, else one line every ten seconds."""
        now_s = night.time.clock()
        if now_s < self._next_s:
            return
        self._next_s = now_s + (_REDRAW_S if self._live else _PLAIN_LINE_S)
        line = status_line(night)
        if self._live:
            width = shutil.get_terminal_size().columns - 1
            self._write("\r\x1b[K" + line[:width])
            self._drawn = True
        else:
            self._write(line + "\n")

    def ended(self, night: NightRecorder) -> None:
        """Print the result of the recording."""
        self.say(status_line(night))
        if night.trouble:
            self.say(f"!!! {night.trouble}")
            return
        for line in result_lines(night):
            self.say(line)
        path = night.folder.path
        self.say(f"Session saved in {path}")
        self.say(f"Open it: plms-monitor review {path}")
        self.say(f"Report: plms-monitor report {path} --out report.pdf")

    def _write(self, text: str) -> None:
        """Write until the console closes: a closed console must not end the recording."""
        if self._gone:
            return
        try:
            sys.stdout.write(text)
            sys.stdout.flush()
        except OSError:
            self._gone = True
