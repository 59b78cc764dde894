"""The three colour themes: night, red (for dark-adapted eyes), day. A test checks their contrast."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Theme:
    """Colours as ``#rrggbb``.

    Attributes
    ----------
    ground, card, well : str
        Background of the window, of panels, and of fields and plots inside a panel.
    line : str
        Borders; not text.
    text, soft, dim : str
        Text in three levels of emphasis, all readable.
    left, right : str
        The legs.
    accent : str
        What is running or selected.
    good : str
        A stream without problems; always shown with a word.
    low, medium, high : str
        Alerts; always shown with a word and marks.
    grid : str
        Faint lines in plots; not text.
    eeg, eog, chin, breath, effort, oxygen, other : str
        Signals beside the legs, by the kind of their lane.
    """

    name: str
    ground: str
    card: str
    well: str
    line: str
    text: str
    soft: str
    dim: str
    left: str
    right: str
    accent: str
    good: str
    low: str
    medium: str
    high: str
    grid: str
    eeg: str
    eog: str
    chin: str
    breath: str
    effort: str
    oxygen: str
    other: str

    def signal(self, key: str) -> str:
        """Return the colour of a signal beside the legs, by the key in its kind (`monitor.model.lanes`)."""
        colour: str = getattr(self, key)
        return colour

    def leg(self, leg: str) -> str:
        """Return the colour of a leg or of a limb on its side; `soft` for any other name."""
        sides = {"left": self.left, "right": self.right}
        return sides.get(leg.split("_", maxsplit=1)[0], self.soft)


NIGHT = Theme(
    name="night",
    ground="#070B11",
    card="#0D131B",
    well="#080C12",
    line="#1D2733",
    text="#DDE4ED",
    soft="#A3AFBE",
    dim="#8491A1",
    left="#7FB5FF",
    right="#DDAE78",
    accent="#A9CBFF",
    good="#5FB878",
    low="#62CBD8",
    medium="#F2C14E",
    high="#FF7A6B",
    grid="#18212C",
    eeg="#C6D0DC",
    eog="#8FC9B0",
    chin="#C9A6E8",
    breath="#7CC4E8",
    effort="#9DB4F0",
    oxygen="#E89AAE",
    other="#B7B08E",
)
RED = Theme(
    name="red",
    ground="#080101",
    card="#110403",
    well="#0A0202",
    line="#351009",
    text="#FF8466",
    soft="#E06A4F",
    dim="#CC5A42",
    left="#FF9270",
    right="#D05A40",
    accent="#FFA37E",
    good="#E06A4F",
    low="#FF8466",
    medium="#FFA07F",
    high="#FFB494",
    grid="#260B07",
    eeg="#FF9C80",
    eog="#E07A60",
    chin="#F08A70",
    breath="#FFA68C",
    effort="#D8684E",
    oxygen="#FF8466",
    other="#CC6A52",
)
DAY = Theme(
    name="day",
    ground="#EEF1F4",
    card="#FFFFFF",
    well="#F7F9FB",
    line="#CBD3DC",
    text="#15202C",
    soft="#43505F",
    dim="#5A6775",
    left="#1F5FB4",
    right="#8F5310",
    accent="#1450A0",
    good="#1E6B38",
    low="#0B6570",
    medium="#7A5200",
    high="#B3261E",
    grid="#DFE5EB",
    eeg="#2B3947",
    eog="#1F6B52",
    chin="#6A3D9A",
    breath="#0F6288",
    effort="#3F4FA8",
    oxygen="#A02B4E",
    other="#6B5B1E",
)
THEMES: tuple[Theme, ...] = (NIGHT, RED, DAY)


def theme_named(name: str) -> Theme:
    """Return a theme by its name.

    Raises
    ------
    ValueError
        If no theme has that name.
    """
    for theme in THEMES:
        if theme.name == name:
            return theme
    raise ValueError(f"unknown theme {name!r}; use one of {', '.join(theme.name for theme in THEMES)}")


def next_theme(theme: Theme) -> Theme:
    """Return the theme that comes after this one: night, red, day, night."""
    return THEMES[(THEMES.index(theme) + 1) % len(THEMES)]


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours, 1 to 21, as WCAG 2 defines it."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: str) -> float:
    shares = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in shares)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def mix(one: str, other: str, share: float) -> str:
    """Return a colour that is `share` of the first over the second."""
    parts = [
        round(int(one[i : i + 2], 16) * share + int(other[i : i + 2], 16) * (1 - share)) for i in (1, 3, 5)
    ]
    return "#" + "".join(f"{part:02X}" for part in parts)
