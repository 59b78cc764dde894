"""The ward in a terminal: one line per bed."""

from __future__ import annotations

from collections.abc import Sequence

from monitor.ward.tile import Tile

_MARKS = {"high": "!!! ", "medium": "!! ", "low": "! "}
_COLUMNS = (("bed", 14), ("state", 10), ("recorded", 9), ("index", 46), ("stage", 9), ("series", 30))
NOBODY = "No bed is heard yet."


def table(tiles: Sequence[Tile]) -> str:
    """Return the beds as a table, the highest alert first."""
    if not tiles:
        return NOBODY
    names = [tile.bed for tile in tiles]
    head = [name.ljust(width) for name, width in _COLUMNS]
    lines = [" ".join([*head, "alert"])]
    for tile in tiles:
        # The same bed name on two machines is two beds.
        bed = tile.bed if names.count(tile.bed) == 1 else f"{tile.bed}@{tile.host}"
        # What cannot be greyed here is not written as a rate.
        index = f"too early: {tile.count}" if tile.is_too_early else f"{tile.value} {tile.title}"
        cells = (bed, tile.phase, tile.recorded, index, tile.stage, tile.series)
        row = [_cut(cell, width) for cell, (_, width) in zip(cells, _COLUMNS, strict=True)]
        alert = "none" if tile.alert is None else _MARKS[tile.alert.priority] + tile.alert.text
        lines.append(" ".join([*row, alert]).rstrip())
    return "\n".join(lines)


def _cut(text: str, width: int) -> str:
    return (text if len(text) <= width else text[: width - 1] + "…").ljust(width)
