"""What a recording says in a terminal: one line that is redrawn, or plain lines where nobody looks."""

from __future__ import annotations

import shutil
import sys

from monitor.montage import Chosen, describe_line, unit_word
from monitor.recorder.night import NightRecorder
from monitor.recorder.status import result_lines, status_line

_REDRAW_S = 0.5
_PLAIN_LINE_S = 10.0


class Terminal:
    """Write the course of a recording to the standard output."""

    def __init__(self) -> None:
        self._live = sys.stdout.isatty()
        self._next_s = 0.0
        self._drawn = False
        self._gone = False

    def say(self, text: str) -> None:
        """Write a text on lines of its own."""
        self._write(("\n" if self._drawn else "") + text + "\n")
        self._drawn = False

    def taken(self, chosen: Chosen) -> None:
        """Say which stream was taken and how it was read."""
        self.say(f"Taking {describe_line(chosen.stream)}")
        for channel in chosen.legs:
            label = channel.label or f"#{channel.index + 1}"
            how = "named by its label" if channel.how == "label" else "as given"
            self.say(f"  {channel.leg} leg: channel {label}, {unit_word(channel.unit)}, {how}")
        for channel in chosen.limbs:
            label = channel.label or f"#{channel.index + 1}"
            self.say(f"  {channel.leg}: channel {label}, {unit_word(channel.unit)}, watched, not scored")
        for warning in chosen.warnings:
            self.say(f"  note: {warning}")

    def status(self, night: NightRecorder) -> None:
        """Show the status line: redrawn twice a second on a terminal, else a line every ten seconds."""
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
        """Say how it ended and what was counted."""
        self.say(status_line(night))
        if night.trouble:
            self.say(f"!!! {night.trouble}")
            return
        for line in result_lines(night):
            self.say(line)
        path = night.folder.path
        self.say(f"Saved in {path}")
        self.say(f"To look at it: plms-monitor review {path}")
        self.say(f"On paper: plms-monitor report {path} --out night.pdf")

    def _write(self, text: str) -> None:
        """Write as long as anyone is there: a closed console must not end a night before its time."""
        if self._gone:
            return
        try:
            sys.stdout.write(text)
            sys.stdout.flush()
        except OSError:
            self._gone = True
