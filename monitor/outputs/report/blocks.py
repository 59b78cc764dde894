"""What a report is made of, whatever it is printed to."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph; ``small`` for what is read only when asked."""

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
        The column that takes the room that is left.
    """

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    wide: int = 0


@dataclass(frozen=True, slots=True)
class Plot:
    """A picture, as vectors for the screen and as pixels for paper.

    Attributes
    ----------
    alt : str
        What it shows, in words.
    height_ratio : float
        Height over width.
    """

    svg: str
    png: bytes
    alt: str
    height_ratio: float


Block = Text | Table | Plot


@dataclass(frozen=True, slots=True)
class Section:
    """Blocks under a heading."""

    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """The whole of it: the first section is the page that is read."""

    title: str
    subtitle: str
    signature_text: str
    is_signed: bool
    footer: str
    sections: tuple[Section, ...] = field(default_factory=tuple)
