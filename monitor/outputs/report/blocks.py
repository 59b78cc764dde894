"""The parts of a report, independent of the output format."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph; small for secondary information."""

    text: str
    is_small: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table.

    Attributes
    ----------
    head : tuple of str
        Names of the columns; empty for none.
    rows : tuple of tuple of str
    wide : int
        The column that gets the remaining width.
    """

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    wide: int = 0


@dataclass(frozen=True)
class Plot:
    """A figure, as vector graphics for HTML and as pixels for PDF; each is drawn when it is first asked for.

    Attributes
    ----------
    file_of : callable
        Draws the figure into a file of the given format, ``svg`` or ``png``, and returns its content.
    alt : str
        Description of its content.
    height_ratio : float
        Height divided by width.
    """

    file_of: Callable[[str], bytes]
    alt: str
    height_ratio: float

    @cached_property
    def svg(self) -> str:
        """Only the element ``svg``: it is embedded in a page."""
        text = self.file_of("svg").decode()
        return text[text.index("<svg") :]

    @cached_property
    def png(self) -> bytes:
        """The content of a PNG file."""
        return self.file_of("png")


@dataclass(frozen=True, slots=True)
class Blank:
    """An empty field that is filled in by hand, with its label.

    Attributes
    ----------
    label : str
    height_mm : float
    """

    label: str
    height_mm: float


Block = Text | Table | Plot | Blank


@dataclass(frozen=True, slots=True)
class Section:
    """Blocks under a heading."""

    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """The complete report; the first section is the summary page."""

    title: str
    subtitle: str
    signature_text: str
    is_signed: bool
    footer: str
    sections: tuple[Section, ...] = field(default_factory=tuple)
