"""Every text is readable in every theme, the legs are told apart, and red keeps blue light away."""

from __future__ import annotations

import numpy as np
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


# What is left of linear red, green and blue: Machado, Oliveira and Fernandes 2009, severity 1.
SEEN_WITHOUT = {
    "red": [
        [0.1522, 1.0525, -0.2048],
        [0.1145, 0.7862, 0.0992],
        [-0.0038, -0.0481, 1.0519],
    ],
    "green": [
        [0.3673, 0.8606, -0.2279],
        [0.2800, 0.6725, 0.0474],
        [-0.0118, 0.0429, 0.9688],
    ],
    "blue": [
        [1.2555, -0.0767, -0.1787],
        [-0.0784, 0.9308, 0.1476],
        [0.0047, 0.6913, 0.3039],
    ],
}
TO_XYZ = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]


def lab(colour: str, cones: str) -> np.ndarray:
    """Return a colour in CIELAB (D65) as one sees it who lacks the cones for red, green or blue."""
    srgb = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    seen = np.clip(np.array(SEEN_WITHOUT[cones]) @ linear, 0, 1)
    f = np.cbrt(np.array(TO_XYZ) @ seen / [0.9505, 1.0, 1.089])
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("cones", SEEN_WITHOUT)
@pytest.mark.parametrize("theme", [NIGHT, DAY], ids=lambda theme: theme.name)
def test_the_colour_blind_tell_the_legs_apart(theme: Theme, cones: str) -> None:
    assert np.linalg.norm(lab(theme.left, cones) - lab(theme.right, cones)) >= 40


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
