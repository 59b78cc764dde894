"""The parts of a report, independent of the output format."""

from __future__ import annotations

from dataclasses import dataclass, field


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


@dataclass(frozen=True, slots=True)
class Plot:
    """A figure, as vector graphics for HTML and as pixels for PDF.

    Attributes
    ----------
    alt : str
        Description of its content.
    height_ratio : float
        Height divided by width.
    """

    svg: str
    png: bytes
    alt: str
    height_ratio: float


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
