"""Write the report as PDF."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import matplotlib as mpl
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
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

from monitor.outputs.report.blocks import Block, Plot, Report, Section, Table, Text

_MARGIN = 15 * mm
_WIDTH = A4[0] - 2 * _MARGIN
# The standard PDF fonts contain Western European letters only; notes may be in any language.
_FONTS = {"Report": "DejaVuSans.ttf", "Report-Bold": "DejaVuSans-Bold.ttf"}
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
    fonts = Path(mpl.get_data_path()) / "fonts" / "ttf"
    for name, file in _FONTS.items():
        pdfmetrics.registerFont(TTFont(name, str(fonts / file)))
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
        Paragraph(escape(report.title), _TITLE),
        Paragraph(escape(report.subtitle), _BODY),
        Spacer(0, 2 * mm),
        Paragraph(escape(report.signature_text), _SIGNED if report.is_signed else _OPEN),
        Spacer(0, 2 * mm),
    ]
    for place, section in enumerate(report.sections):
        story += _section(section, is_first=place == 0)
        if place == 0:
            story.append(PageBreak())

    def foot(canvas: Any, page: Any) -> None:
        canvas.saveState()
        canvas.setFont("Report", 6.5)
        canvas.setFillColor(_GREY)
        canvas.drawString(_MARGIN, 10 * mm, report.footer)
        canvas.drawRightString(A4[0] - _MARGIN, 13 * mm, f"page {page.page}")
        if not report.is_signed:
            canvas.drawString(_MARGIN, 13 * mm, "PROVISIONAL")
        canvas.restoreState()

    document.build(story, onFirstPage=foot, onLaterPages=foot)
    return out.getvalue()


def _section(section: Section, *, is_first: bool) -> list[Flowable]:
    made = [_block(block) for block in section.blocks]
    for place, block in reversed(list(enumerate(section.blocks))):
        if isinstance(block, Plot):
            made.insert(place + 1, Paragraph(escape(block.alt), _SMALL))
    if is_first:
        first = section.blocks[0]
        if isinstance(first, Text):
            made[0] = Paragraph(escape(first.text), _FIRST)
        return made
    heading = Paragraph(escape(section.title), _HEADING)
    # A heading is never alone at the bottom of a page; a long table may be split.
    if isinstance(section.blocks[0], Table) and len(section.blocks[0].rows) > 12:
        heading.keepWithNext = True
        return [heading, *made]
    return [KeepTogether([heading, made[0]]), *made[1:]]


def _block(block: Block) -> Flowable:
    if isinstance(block, Text):
        return Paragraph(escape(block.text), _SMALL if block.is_small else _BODY)
    if isinstance(block, Plot):
        image = Image(io.BytesIO(block.png), _WIDTH, _WIDTH * block.height_ratio)
        image.hAlign = "LEFT"
        return image
    return _table(block)


def _table(table: Table) -> Flowable:
    has_head = any(table.head)
    rows = [[Paragraph(escape(cell), _CELL) for cell in row] for row in table.rows]
    if has_head:
        rows.insert(0, [Paragraph(escape(cell), _HEAD_CELL) for cell in table.head])
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
