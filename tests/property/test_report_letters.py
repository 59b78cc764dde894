"""Every letter of a text is printed in the PDF as itself or as its code, and nothing of it is markup."""

from __future__ import annotations

import unicodedata
import xml.etree.ElementTree as ET
from pathlib import Path

import matplotlib as mpl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib import ft2font

from monitor.outputs.report.fonts import Fonts, code_of, with_codes

# Of the fonts that matplotlib brings, on every computer.
SHIPPED = Path(mpl.get_data_path()) / "fonts" / "ttf"


def letters_of(file: Path) -> set[int]:
    return set(ft2font.FT2Font(str(file)).get_charmap())


def shown(markup: str) -> str:
    return "".join(ET.fromstring(f"<para>{markup}</para>").itertext())


@given(st.text(st.characters(exclude_categories=("Cs", "Cn", "Co")), max_size=40))
def test_each_letter_is_there_or_its_code(text: str) -> None:
    made = Fonts(())
    expected = with_codes(text)
    assert shown(made.markup(text)) == expected
    assert bool(made.n_without_font) == ("\u2039U+" in expected and "\u2039U+" not in text)
    assert not made.note() or "HTML report" in made.note()


@pytest.mark.parametrize("text", ["M. Müller", "Łukasz Żak", "Ελένη", "Жанна Ђорђе", "Đặng Văn", "a < b & c"])
def test_scripts_of_the_shipped_font_are_printed_as_written(text: str) -> None:
    made = Fonts(())
    assert shown(made.markup(text)) == unicodedata.normalize("NFC", text)
    assert made.note() == ""


def test_what_cannot_be_printed_as_written_is_said_with_how_many_letters() -> None:
    made = Fonts(())
    assert shown(made.markup("冷え 1")) == f"{code_of('冷')}{code_of('え')} 1"
    made.markup("שלום")
    assert made.note().startswith("2 letters have no font on this computer")
    assert "4 letters of right-to-left or joined scripts" in made.note()


def test_a_font_of_the_system_is_used_for_letters_that_the_shipped_one_lacks() -> None:
    other = SHIPPED / "STIXGeneral.ttf"
    letter = chr(min(letters_of(other) - letters_of(SHIPPED / "DejaVuSans.ttf")))
    made = Fonts((other,))
    assert made.markup(f"a{letter}") == f'a<font name="Other-0">{letter}</font>'
    assert made.note() == ""
