"""Write the report as PDF."""

from __future__ import annotations

import io
from itertools import chain
from typing import Any

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    Flowable,
    Image,
    KeepTogether,
    LongTable,
    PageBreak,
    Paragraph,
    SimpleDocTemplate,
    Spacer,
)

from monitor.outputs.report.blocks import Blank, Block, Plot, Report, Section, Table, Text
from monitor.outputs.report.fonts import Fonts

_MARGIN = 15 * mm
_WIDTH = A4[0] - 2 * _MARGIN
_INK, _GREY, _STRIPE = colors.HexColor("#111111"), colors.HexColor("#444444"), colors.HexColor("#f3f3f3")

_BODY = ParagraphStyle("body", fontName="Report", fontSize=8, leading=10.5, textColor=_INK, spaceAfter=3)
_SMALL = ParagraphStyle("small", _BODY, fontSize=7, leading=9, textColor=_GREY)
_CELL = ParagraphStyle("cell", _BODY, fontSize=7.5, leading=9.2, spaceAfter=0)
_HEAD_CELL = ParagraphStyle("head", _CELL, fontName="Report-Bold")
_TITLE = ParagraphStyle("title", _BODY, fontName="Report-Bold", fontSize=14, leading=18)
_HEADING = ParagraphStyle("heading", _BODY, fontName="Report-Bold", fontSize=10.5, leading=13, spaceBefore=8)
_FIRST = ParagraphStyle("first", _BODY, fontName="Report-Bold", fontSize=11, leading=14)
_BANNER = ParagraphStyle("banner", _BODY, fontName="Report-Bold", fontSize=9, leading=12, borderPadding=4)
_OPEN = ParagraphStyle(
    "open",
    _BANNER,
    backColor=colors.HexColor("#fff4e0"),
    borderColor=colors.HexColor("#8a4b00"),
    borderWidth=1,
)
_SIGNED = ParagraphStyle(
    "signed",
    _BANNER,
    backColor=colors.HexColor("#e9f6ee"),
    borderColor=colors.HexColor("#1b5e3a"),
    borderWidth=1,
)


def to_pdf(report: Report) -> bytes:
    """Return a report as PDF; its first section is on a separate page."""
    fonts = Fonts()
    out = io.BytesIO()
    document = SimpleDocTemplate(
        out,
        pagesize=A4,
        leftMargin=_MARGIN,
        rightMargin=_MARGIN,
        topMargin=_MARGIN,
        bottomMargin=_MARGIN + 4 * mm,
        title=f"{report.title}, {report.subtitle}",
        author="PLMS Monitor",
    )
    story: list[Flowable] = [
        Paragraph(fonts.markup(report.title), _TITLE),
        Paragraph(fonts.markup(report.subtitle), _BODY),
        Spacer(0, 2 * mm),
        Paragraph(fonts.markup(report.signature_text), _SIGNED if report.is_signed else _OPEN),
        Spacer(0, 2 * mm),
    ]
    head_n = len(story)
    for place, section in enumerate(report.sections):
        story += _section(section, fonts, is_first=place == 0)
        if place == 0:
            story.append(PageBreak())

    note = fonts.note()
    if note:
        story.insert(head_n, Paragraph(fonts.markup(f"Note: {note}"), _BODY))
    document.build(story, canvasmaker=lambda *args, **options: _Pages(report, *args, **options))
    return out.getvalue()


class _Pages(Canvas):
    """Pages with a foot that names their number of all, which is known only at the end."""

    def __init__(self, report: Report, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._report = report
        self._pages: list[dict[str, Any]] = []

    def showPage(self) -> None:  # noqa: N802  # Reportlab names what it calls
        """Hold a finished page back."""
        self._pages.append(dict(self.__dict__))
        self._startPage()  # type: ignore[attr-defined]

    def save(self) -> None:
        """Write all pages with their feet, and the document."""
        for page in self._pages:
            self.__dict__.update(page)
            self._foot(len(self._pages))
            super().showPage()
        super().save()

    def _foot(self, n_pages: int) -> None:
        self.saveState()
        self.setFont("Report", 6.5)
        self.setFillColor(_GREY)
        self.drawString(_MARGIN, 10 * mm, self._report.footer)
        self.drawRightString(A4[0] - _MARGIN, 13 * mm, f"page {self.getPageNumber()} of {n_pages}")
        if not self._report.is_signed:
            self.drawString(_MARGIN, 13 * mm, "PROVISIONAL")
        self.restoreState()


def _section(section: Section, fonts: Fonts, *, is_first: bool) -> list[Flowable]:
    made = [_flowables(block, fonts) for block in section.blocks]
    if is_first:
        first = section.blocks[0]
        if isinstance(first, Text):
            made[0] = [Paragraph(fonts.markup(first.text), _FIRST)]
        return list(chain.from_iterable(map(_together, made)))
    heading = Paragraph(fonts.markup(section.title), _HEADING)
    # A heading is never alone at the bottom of a page; a long table may be split.
    if isinstance(section.blocks[0], Table) and len(section.blocks[0].rows) > 12:
        heading.keepWithNext = True
        return [heading, *chain.from_iterable(map(_together, made))]
    # Nested groups would each begin a page.
    return list(chain.from_iterable(map(_together, [[heading, *made[0]], *made[1:]])))


def _together(parts: list[Flowable]) -> list[Flowable]:
    """Keep the parts of a block on one page."""
    return parts if len(parts) == 1 else [KeepTogether(parts)]


def _flowables(block: Block, fonts: Fonts) -> list[Flowable]:
    if isinstance(block, Text):
        return [Paragraph(fonts.markup(block.text), _SMALL if block.is_small else _BODY)]
    if isinstance(block, Blank):
        return [_Field(block)]
    if isinstance(block, Plot):
        image = Image(io.BytesIO(block.png), _WIDTH, _WIDTH * block.height_ratio)
        image.hAlign = "LEFT"
        return [image, Paragraph(fonts.markup(block.alt), _SMALL)]
    return [_table(block, fonts)]


class _Field(Flowable):
    """An empty box with its label at the top left."""

    def __init__(self, blank: Blank) -> None:
        super().__init__()
        self._label = blank.label
        self.width, self.height = _WIDTH, blank.height_mm * mm
        self.spaceAfter = 2 * mm

    def draw(self) -> None:
        """Draw the box."""
        self.canv.setStrokeColor(_GREY)
        self.canv.setLineWidth(0.6)
        self.canv.rect(0, 0, self.width, self.height)
        self.canv.setFont("Report", 7)
        self.canv.setFillColor(_GREY)
        self.canv.drawString(2 * mm, self.height - 3.4 * mm, self._label)


def _table(table: Table, fonts: Fonts) -> Flowable:
    has_head = any(table.head)
    rows = [[Paragraph(fonts.markup(cell), _CELL) for cell in row] for row in table.rows]
    if has_head:
        rows.insert(0, [Paragraph(fonts.markup(cell), _HEAD_CELL) for cell in table.head])
    style: list[Any] = [
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("TOPPADDING", (0, 0), (-1, -1), 1.2),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 1.6),
        ("LEFTPADDING", (0, 0), (-1, -1), 2),
        ("RIGHTPADDING", (0, 0), (-1, -1), 5),
        ("ROWBACKGROUNDS", (0, int(has_head)), (-1, -1), [colors.white, _STRIPE]),
    ]
    if has_head:
        style.append(("LINEBELOW", (0, 0), (-1, 0), 0.6, _INK))
    made = LongTable(rows, _widths(table), repeatRows=int(has_head), style=style)
    made.hAlign = "LEFT"
    made.spaceAfter = 3 * mm
    return made


def _widths(table: Table) -> list[float]:
    """Return column widths: each column as wide as its longest cell, the wide one gets the rest."""
    columns = list(zip(*((table.head, *table.rows) if any(table.head) else table.rows), strict=True))
    needed = [
        min(max(pdfmetrics.stringWidth(cell, "Report-Bold", 7.5) for cell in cells) + 9, _WIDTH * 0.5)
        for cells in columns
    ]
    others = sum(needed) - needed[table.wide]
    if others > _WIDTH * 0.75:
        return [width * _WIDTH / sum(needed) for width in needed]
    needed[table.wide] = _WIDTH - others
    return needed
