"""Every text is readable in every theme, the legs are told apart, and red keeps blue light away."""

from __future__ import annotations

import pytest

from monitor.dashboard.panels.top_bar import NEW, NEW_BRIGHT, SEEN
from monitor.dashboard.theme import DAY, NIGHT, RED, THEMES, Theme, contrast, mix, next_theme, theme_named

TEXTS = ("text", "soft", "dim", "left", "right", "accent", "good", "low", "medium", "high")


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
@pytest.mark.parametrize("name", TEXTS)
def test_text_has_contrast(theme: Theme, name: str) -> None:
    for ground in (theme.ground, theme.card, theme.well):
        assert contrast(getattr(theme, name), ground) >= 4.5


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
def test_text_has_contrast_on_coloured_grounds_too(theme: Theme) -> None:
    chosen = mix(theme.accent, theme.card, 0.2)
    pairs = {"pressed button": (theme.ground, theme.accent), "chosen row": (theme.text, chosen)}
    for priority in ("low", "medium", "high"):
        colour = getattr(theme, priority)
        for share in (SEEN, NEW, NEW_BRIGHT):
            ground = mix(colour, theme.card, share)
            pairs[f"{priority} alert, head, {share}"] = (colour, ground)
            pairs[f"{priority} alert, text, {share}"] = (theme.text, ground)
    assert {name: contrast(*pair) for name, pair in pairs.items() if contrast(*pair) < 4.5} == {}


def test_contrast_is_that_of_wcag() -> None:
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21.0)
    assert contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.01)


def test_the_legs_have_the_colours_that_are_safe_for_the_colour_blind() -> None:
    assert (NIGHT.left, NIGHT.right) == ("#7FB5FF", "#DDAE78")


def blue_light(colour: str) -> float:
    return (int(colour[5:7], 16) / 255) ** 2.2


def test_red_has_a_seventh_of_the_blue_light() -> None:
    for name in ("text", "soft", "left", "accent"):
        assert blue_light(getattr(RED, name)) <= blue_light(getattr(NIGHT, name)) / 4
    mean = [sum(blue_light(getattr(t, n)) for n in ("text", "soft", "dim", "left")) for t in (RED, NIGHT)]
    assert mean[0] <= mean[1] / 6


def test_themes_follow_each_other_in_a_round() -> None:
    assert [next_theme(t) for t in (NIGHT, RED, DAY)] == [RED, DAY, NIGHT]
    assert theme_named("red") is RED
    with pytest.raises(ValueError, match="blue"):
        theme_named("blue")
