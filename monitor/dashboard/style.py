"""The Qt style sheet of a theme and a scale, and the small widgets of the panels."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFont
from PySide6.QtWidgets import QFrame, QLabel, QSizePolicy, QWidget

from monitor.dashboard.theme import Theme, mix

FAMILIES = ("Inter", "Segoe UI", "Noto Sans", "Helvetica Neue", "DejaVu Sans Condensed", "DejaVu Sans")

_SHEET = """
* {{ font-family: {families}; font-size: {body}px; color: {text}; }}
QMainWindow, QWidget#ground {{ background: {ground}; }}
QFrame[card="true"] {{ background: {card}; border: 1px solid {line}; border-radius: 5px; }}
QWidget#topbar, QWidget#keybar {{ background: {card}; }}
QWidget#topbar {{ border-bottom: 1px solid {line}; }}
QWidget#keybar {{ border-top: 1px solid {line}; }}
QLabel {{ background: transparent; border: none; }}
QWidget[page="true"], QScrollArea[page="true"] {{ background: {card}; }}
QFrame[span="true"] {{ background: transparent; border: 2px solid {accent}; }}
QProgressBar {{ background: {ground}; border: 1px solid {line}; border-radius: 4px; color: {text};
  font-size: {small}px; text-align: center; }}
QProgressBar::chunk {{ background: {chosen}; }}
QLabel[role="title"] {{ color: {soft}; font-size: {title}px; font-weight: 600; }}
QLabel[role="caption"] {{ color: {soft}; font-size: {small}px; font-weight: 600; }}
QLabel[role="soft"] {{ color: {soft}; }}
QLabel[role="small"] {{ color: {soft}; font-size: {small}px; }}
QLabel[role="strong"] {{ font-weight: 600; }}
QLabel[role="field"] {{ font-size: {field}px; font-weight: 600; }}
QLabel[role="figure"] {{ font-size: {figure}px; font-weight: 600; }}
QLabel[role="band"] {{ color: {soft}; font-size: {band}px; font-weight: 600; }}
QLabel[role="band"][long="true"] {{ font-size: {long_band}px; }}
QLabel[role="huge"] {{ font-size: {huge}px; font-weight: 700; }}
QLabel[role="huge"][word="true"] {{ font-size: {word}px; }}
QLabel[role="huge"][early="true"], QLabel[early="true"] {{ color: {dim}; }}
QLabel[role="running"] {{ color: {accent}; font-weight: 600; }}
QLabel[role="readout"] {{ background: {card}; border: 1px solid {line}; padding: 2px 6px;
  font-size: {small}px; }}
QLabel[role="pill"] {{ color: {soft}; font-size: {small}px; border: 1px solid {line}; border-radius: 4px;
  padding: 2px 7px; }}
QLabel[role="rules"] {{ font-size: {rules}px; font-weight: 600; }}
QLabel[alarm="true"] {{ color: {high}; font-weight: 700; }}
QLabel[stale="true"] {{ color: {medium}; font-weight: 700; }}
QPushButton {{ background: {well}; border: 1px solid {line}; border-radius: 4px; padding: 2px 7px;
  font-size: {small}px; }}
QPushButton:hover, QPushButton:focus {{ border-color: {accent}; }}
QPushButton[on="true"] {{ background: {accent}; color: {ground}; }}
QPushButton[main="true"] {{ background: {accent}; color: {ground}; font-size: {field}px; padding: 8px 22px; }}
QPushButton:disabled {{ color: {dim}; background: {card}; }}
QLineEdit, QComboBox {{ background: {well}; border: 1px solid {line}; border-radius: 4px; padding: 5px 8px;
  selection-background-color: {accent}; selection-color: {ground}; }}
QLineEdit {{ placeholder-text-color: {dim}; }}
QLineEdit:focus, QComboBox:focus {{ border-color: {accent}; }}
QCheckBox {{ background: transparent; font-weight: 600; spacing: 8px; }}
QCheckBox::indicator {{ width: 14px; height: 14px; border: 1px solid {soft}; border-radius: 3px;
  background: {well}; }}
QCheckBox::indicator:checked {{ background: {accent}; border: 1px solid {accent}; }}
QScrollArea {{ background: {ground}; border: none; }}
QComboBox QAbstractItemView {{ background: {card}; border: 1px solid {line}; }}
QTableView {{ background: {card}; border: none; gridline-color: {line}; selection-background-color: {chosen};
  selection-color: {text}; }}
QTableView:focus {{ border: 1px solid {accent}; }}
QTableView::item {{ border: none; padding: 0 4px; }}
QHeaderView::section {{ background: {card}; color: {soft}; border: none; border-bottom: 1px solid {line};
  font-size: {small}px; padding: 2px 4px; }}
QScrollBar:vertical {{ background: {card}; width: 9px; margin: 0; }}
QScrollBar::handle:vertical {{ background: {line}; border-radius: 4px; min-height: 24px; }}
QScrollBar::add-line, QScrollBar::sub-line {{ height: 0; }}
QScrollBar::add-page, QScrollBar::sub-page {{ background: none; }}
QTextBrowser {{ background: {card}; border: none; }}
QTabWidget::pane {{ border: none; }}
QTabBar::tab {{ background: {ground}; color: {soft}; border: 1px solid {line}; padding: 4px 10px;
  font-size: {small}px; }}
QTabBar::tab:selected {{ background: {card}; color: {text}; border-bottom-color: {accent}; }}
QMenu {{ background: {card}; border: 1px solid {line}; padding: 4px; }}
QMenu::item {{ padding: 5px 26px 5px 12px; }}
QMenu::item:disabled {{ color: {soft}; }}
QMenu::item:selected {{ background: {chosen}; color: {text}; }}
QMenu::separator {{ height: 1px; background: {line}; margin: 4px; }}
QToolTip {{ background: {card}; color: {text}; border: 1px solid {line}; }}
"""


# Of every text of the process: chosen by the user, and by the size of the window. Painted texts use `font`,
# all others the style sheet.
_TEXT_SCALE = [1.0]
_SCREEN_SCALE = [1.0]


def set_text_scale(scale: float) -> None:
    """Set the size of all text. It takes effect when a window's theme is set again."""
    _TEXT_SCALE[0] = scale


def text_scale() -> float:
    """Return the size of all text; 1 is the default."""
    return _TEXT_SCALE[0]


def set_screen_scale(scale: float) -> bool:
    """Set the size of the window, 1 for 1080 lines; return whether painted texts have another size now.

    They grow with a large window, and do not become smaller in a small one.
    """
    before, _SCREEN_SCALE[0] = _SCREEN_SCALE[0], max(1.0, scale)
    return before != _SCREEN_SCALE[0]


def text_px(px: float) -> int:
    """Return a length in pixels, scaled with painted texts."""
    return round(px * _TEXT_SCALE[0] * _SCREEN_SCALE[0])


def style_sheet(theme: Theme, scale: float) -> str:
    """Return the style of the whole window; `scale` 1 is for 1080 lines."""
    texts = {"small": 12, "body": 14, "title": 13, "field": 20, "rules": 18}
    # The large figures do not grow with the text size, the largest gives way: the texts need the room.
    larger = max(1.0, text_scale())
    figures = {"figure": 29, "band": 44 / larger**1.6, "huge": 96 / larger**0.85, "word": 62}
    # Of two rates from 100 on.
    figures["long_band"] = 0.72 * figures["band"]
    sizes = {name: max(11, round(px * scale * text_scale())) for name, px in texts.items()}
    sizes |= {name: round(px * scale) for name, px in figures.items()}
    colours = {name: getattr(theme, name) for name in theme.__slots__ if name != "name"}
    families = ", ".join(f'"{family}"' for family in FAMILIES)
    return _SHEET.format(families=families, chosen=mix(theme.accent, theme.card, 0.2), **sizes, **colours)


def font(px: int, *, bold: bool = False) -> QFont:
    """Return a font of the screen's families; the size is in pixels."""
    made = QFont(list(FAMILIES))
    made.setPixelSize(text_px(px))
    if bold:
        made.setWeight(QFont.Weight.DemiBold)
    return made


def faded(colour: str, share: float) -> QColor:
    """Return a colour with an opacity."""
    made = QColor(colour)
    made.setAlphaF(share)
    return made


def label(text: str = "", role: str = "", *, align: Qt.AlignmentFlag | None = None) -> QLabel:
    """Make a label with one of the style sheet's roles."""
    made = QLabel(text)
    made.setTextFormat(Qt.TextFormat.PlainText)
    if role:
        made.setProperty("role", role)
    if align is not None:
        made.setAlignment(align)
    return made


def elastic(text: QLabel) -> QLabel:
    """Let a label be narrower than its text."""
    text.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
    return text


def show_fitting(shown: QLabel, texts: Sequence[str]) -> None:
    """Show the first of the texts that fits into a label, none if all are too wide; the first as tool tip."""
    metrics = shown.fontMetrics()
    fitting = (text for text in texts if metrics.horizontalAdvance(text) <= shown.width())
    shown.setText(next(fitting, ""))
    shown.setToolTip(texts[0])


def card(name: str) -> QFrame:
    """Make an empty panel with a name for assistive programs."""
    frame = QFrame()
    frame.setProperty("card", "true")
    frame.setAccessibleName(name)
    return frame


def set_flag(widget: QWidget, name: str, *, on: bool) -> None:
    """Set a property used by the style sheet; restyle only on a change, because that is slow."""
    value = "true" if on else "false"
    if widget.property(name) != value:
        widget.setProperty(name, value)
        widget.style().unpolish(widget)
        widget.style().polish(widget)
