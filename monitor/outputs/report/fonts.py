"""Print every letter that some font of this computer has, and name those that none has.

DejaVu covers Latin, Greek, Cyrillic, Armenian, Georgian and more; what it lacks is looked for in the TrueType
fonts of the system. A letter without any font is printed as its code, such as ‹U+51B7›: a box would hide that
something is missing.
"""

from __future__ import annotations

import itertools
import unicodedata
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from xml.sax.saxutils import escape

import matplotlib as mpl
from matplotlib import font_manager, ft2font
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFError, TTFont

REGULAR, BOLD = "Report", "Report-Bold"
_FILES = {REGULAR: "DejaVuSans.ttf", BOLD: "DejaVuSans-Bold.ttf"}
# Right to left, or joined: these need a layout that a PDF made here does not have.
_RIGHT_TO_LEFT = frozenset({"R", "AL", "AN"})
_JOINED = (0x0900, 0x109F), (0x1780, 0x17FF)
_INVISIBLE = frozenset({"Cc", "Cf", "Zl", "Zp"})


class Fonts:
    """The fonts of one document.

    Parameters
    ----------
    others : sequence of Path, optional
        TrueType files with the letters that the shipped font lacks; by default those of this computer.

    Attributes
    ----------
    n_without_font : int
        Letters that were printed as their codes.
    n_unjoined : int
        Letters of right-to-left and joined scripts, printed one by one in the order of the text.
    """

    def __init__(self, others: Sequence[Path] | None = None) -> None:
        for name, file in _FILES.items():
            pdfmetrics.registerFont(TTFont(name, str(_shipped(file))))
        self._files = others
        self._others: dict[Path, str] = {}
        self.n_without_font = self.n_unjoined = 0

    def markup(self, text: str) -> str:
        """Return a text as the markup of a paragraph; letters of other fonts are marked."""
        text = _visible(text)
        if text.isascii():
            return escape(text)
        parts = []
        for name, letters in itertools.groupby(text, key=self._font_of):
            run = "".join(letters)
            self.n_unjoined += sum(map(_needs_layout, run)) if name is not None else 0
            if name is None:
                self.n_without_font += len(run)
                parts.append(escape("".join(map(code_of, run))))
            else:
                parts.append(f'<font name="{name}">{escape(run)}</font>' if name else escape(run))
        return "".join(parts)

    def note(self) -> str:
        """Return what of the texts so far is not printed as it was written, empty if all is."""
        notes = []
        if self.n_without_font:
            notes.append(
                f"{self.n_without_font} letters have no font on this computer and are printed as their "
                "Unicode codes, such as ‹U+51B7›"
            )
        if self.n_unjoined:
            notes.append(
                f"{self.n_unjoined} letters of right-to-left or joined scripts are printed one by one from "
                "left to right"
            )
        return f"{'; '.join(notes)}. The HTML report has the texts as written." if notes else ""

    def _font_of(self, letter: str) -> str | None:
        """Return the name of a font with a letter: empty for the font of the paragraph, None for none."""
        if ord(letter) in _letters(_shipped(_FILES[REGULAR])):
            return ""
        for path in _system_fonts() if self._files is None else self._files:
            if ord(letter) in _letters(path) and (name := self._registered(path)):
                return name
        return None

    def _registered(self, path: Path) -> str:
        """Return the name of a font file for the document, empty if it cannot be embedded."""
        if path not in self._others:
            name = f"Other-{len(self._others)}"
            try:
                pdfmetrics.registerFont(TTFont(name, str(path)))
            except (TTFError, OSError, ValueError):
                # Outlines of another kind, or a licence that forbids it.
                name = ""
            self._others[path] = name
        return self._others[path]


def with_codes(text: str) -> str:
    """Return a text for a figure: letters that the shipped font lacks are replaced by their codes."""
    known = _letters(_shipped(_FILES[REGULAR]))
    return "".join(letter if ord(letter) in known else code_of(letter) for letter in _visible(text))


def code_of(letter: str) -> str:
    """Return the code of a letter, as it is printed."""
    return f"‹U+{ord(letter):04X}›"


def _visible(text: str) -> str:
    """Return a text without characters that control a layout: they are no letters."""
    kept = (" " if unicodedata.category(letter) in _INVISIBLE else letter for letter in text)
    return unicodedata.normalize("NFC", "".join(kept))


def _needs_layout(letter: str) -> bool:
    return unicodedata.bidirectional(letter) in _RIGHT_TO_LEFT or any(
        low <= ord(letter) <= high for low, high in _JOINED
    )


@cache
def _shipped(file: str) -> Path:
    return Path(mpl.get_data_path()) / "fonts" / "ttf" / file


@cache
def _system_fonts() -> tuple[Path, ...]:
    """List the TrueType fonts of this computer, sans-serif ones of broad cover first."""
    found = {Path(each) for each in font_manager.findSystemFonts()}
    usable = [path for path in found if path.suffix.lower() in (".ttf", ".ttc")]
    return tuple(sorted(usable, key=lambda path: ("sans" not in path.name.casefold(), path.name, str(path))))


@cache
def _letters(path: Path) -> frozenset[int]:
    """Return the characters of a font, none if it cannot be read."""
    try:
        return frozenset(ft2font.FT2Font(str(path)).get_charmap())
    except (OSError, RuntimeError, ValueError):
        return frozenset()
