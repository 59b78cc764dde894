"""All keys, in one table: the handler, the bar at the bottom and the `?` sheet read it. No Qt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from monitor.model.config_fields import QUICK_NOTES

Group = Literal["view", "night", "judge", "window"]

_QUICK_KEYS = ("F2", "F3", "F4", "F5", "F6", "F7")


@dataclass(frozen=True, slots=True)
class Key:
    """One thing the keyboard can do.

    Attributes
    ----------
    sequences : tuple of str
        As Qt writes them (portable text).
    action : str
        Name of the window's action; an argument behind a colon.
    text : str
        What it does.
    shown : str
        How the keys are written for people.
    bar : str
        Text in the bar at the bottom; empty if it is not there.
    """

    sequences: tuple[str, ...]
    action: str
    text: str
    shown: str
    group: Group
    bar: str = ""


_FIXED: tuple[Key, ...] = (
    Key(("Space",), "freeze", "freeze the view; recording goes on", "Space", "view", "freeze view"),
    Key(("End", "Esc"), "live", "back to the live signal", "End  Esc", "view", "live"),
    Key(("Left",), "page:-1", "one page back, from disk", "←", "view"),
    Key(("Right",), "page:1", "one page on", "→", "view"),
    Key(("Shift+Left",), "page:-5", "five pages back", "Shift+←", "view"),
    Key(("Shift+Right",), "page:5", "five pages on", "Shift+→", "view"),
    Key(("Ctrl+Left",), "movement:-1", "to the movement before", "Ctrl+←", "view"),
    Key(("Ctrl+Right",), "movement:1", "to the next movement", "Ctrl+→", "view"),
    Key(("Up", "+", "="), "sensitivity:-1", "more sensitive (trace taller)", "↑  +", "view"),
    Key(("Down", "-"), "sensitivity:1", "less sensitive", "↓  −", "view"),
    Key(("[",), "sweep:-1", "shorter sweep: 10, 15, 30, 60, 120, 300 s", "[", "view"),
    Key(("]",), "sweep:1", "longer sweep", "]", "view"),
    Key(("PgUp",), "night:1", "night: look closer (or the wheel)", "PgUp", "view"),
    Key(("PgDown",), "night:-1", "night: from farther off", "PgDn", "view"),
    Key(("Home",), "night:0", "night: all of it", "Home", "view"),
    Key(("G",), "fit", "fit the sensitivity once to what is seen", "G", "view"),
    Key(("F",), "band", "filter of the view: 10–100 or 20–200 Hz; scores do not change", "F", "view"),
    Key(("M",), "notch", "mains notch of the view: 50, 60 Hz, none", "M", "view"),
    Key(("E",), "envelope", "show the envelope the rules are measured on", "E", "view"),
    Key(("V",), "lanes:1", "lanes: all, the legs, each one alone", "V", "view"),
    Key(("Shift+V",), "lanes:-1", "lanes: the choice before", "Shift+V", "view"),
    Key(("N", "Return", "Enter"), "note", "write a note; its time is when this key was pressed",
        "N  Enter", "night", "note"),
    Key(("Shift+N",), "note-here", "a note about the moment in the middle of what is reviewed", "Shift+N",
        "night"),
    Key(("L",), "lights", "lights off or on: asks, Enter accepts", "L", "night", "lights"),
    Key(("W",), "stage:W", "stage W from this epoch on", "W", "night"),
    Key(("1",), "stage:N1", "stage N1 from this epoch on", "1", "night"),
    Key(("2",), "stage:N2", "stage N2 from this epoch on", "2", "night"),
    Key(("3",), "stage:N3", "stage N3 from this epoch on", "3", "night"),
    Key(("R",), "stage:R", "stage R from this epoch on", "R", "night"),
    Key(("T",), "segment", "treatment started: indices before and after; asks, Enter accepts", "T", "night"),
    Key(("B",), "calibrate", "bio-calibration: begin, next step", "B", "night", "bio-cal"),
    Key(("Shift+B",), "calibrate:give-up", "give the bio-calibration up", "Shift+B", "night"),
    Key(("X",), "judge", "the chosen movement does not count (asks why), or counts again", "X", "judge"),
    Key(("Shift+X",), "artifact", "artifact from here, again: to here; or drag on a leg, Shift+drag below",
        "Shift+X", "judge"),
    Key(("Alt+Left",), "page:-0.1", "a tenth of a page back", "Alt+←", "judge"),
    Key(("Alt+Right",), "page:0.1", "a tenth of a page on", "Alt+→", "judge"),
    Key(("Ctrl+Z",), "undo", "take back your last entry: a new entry, nothing is deleted", "Ctrl+Z", "judge"),
    Key(("S",), "summary", "summary of the night, or put it away", "S", "judge", "summary"),
    Key(("U",), "estimate", "index per hour of ESTIMATED sleep, or as if none was estimated", "U", "judge"),
    Key(("C",), "reference", "reference line: adult 15, child 5, none", "C", "judge"),
    Key(("F10",), "menu", "menu: sign, report, end the recording…", "F10", "window"),
    Key(("A",), "acknowledge", "acknowledge the alert", "A", "night", "acknowledge"),
    Key(("P",), "pause-sound", "pause the sound of alerts for 2 min, or end the pause", "P", "night",
        "pause sound 2 min"),
    Key(("Shift+P",), "test-sound", "test the sound: three tones", "Shift+P", "window"),
    Key(("D",), "theme", "night, red, day", "D", "window", "theme"),
    Key(("Ctrl++", "Ctrl+="), "text:1", "larger text", "Ctrl++", "window"),
    Key(("Ctrl+-",), "text:-1", "smaller text", "Ctrl+−", "window"),
    Key(("Ctrl+0",), "text:0", "text of the usual size", "Ctrl+0", "window"),
    Key(("Ctrl+L",), "lock", "lock: no key or click does anything; the recording and `stop` go on",
        "Ctrl+L", "window"),
    Key(("F11",), "full-screen", "full screen", "F11", "window"),
    Key(("?", "Shift+?"), "help", "this sheet", "?", "window", "all keys"),
)  # fmt: skip


def keys_with(quick_notes: Sequence[str]) -> tuple[Key, ...]:
    """Return the whole table, with the texts of the quick notes."""
    at = next(i for i, key in enumerate(_FIXED) if key.action == "note-here")
    quick = (
        Key((key,), f"note:{text}", f"note “{text}”: edit it, Enter sends", key, "night")
        for key, text in zip(_QUICK_KEYS, quick_notes, strict=False)
    )
    return (*_FIXED[:at], *quick, *_FIXED[at:])


def quick_notes_of(session: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the quick notes a session was begun with; those of the program where it names none."""
    written = session.get("config", {}).get("notes", {}).get("quick")
    return QUICK_NOTES if written is None else tuple(str(text) for text in written)


KEYS = keys_with(QUICK_NOTES)
"""The table with the program's own quick notes."""

BAR_GROUPS: tuple[tuple[str, str], ...] = (
    ("← →", "page"),
    ("↑ ↓", "sensitivity"),
    ("[ ]", "sweep time"),
    ("W 1 2 3 R", "stage"),
)
"""What the bar shows as one, beside the keys that have a `bar` text."""


def split(action: str) -> tuple[str, str]:
    """Split an action into its name and its argument."""
    name, _, argument = action.partition(":")
    return name, argument
