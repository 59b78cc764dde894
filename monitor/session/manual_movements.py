"""Movements that a person entered, in place of detected ones or besides them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from monitor.model.facts import Fact

if TYPE_CHECKING:
    from monitor.model.payloads import ManualData, MovementData

PERSON = "person"


def with_manual(
    movements: Mapping[str, Fact[MovementData]], manual: Iterable[Fact[ManualData]]
) -> dict[str, Fact[MovementData]]:
    """Return the movements after the entries of persons.

    Parameters
    ----------
    movements : mapping of str to Fact
        The latest fact of each detected movement by its name.
    manual : iterable of Fact
        The ``manual`` facts that are in force, with their numbers.

    Returns
    -------
    dict of str to Fact
        Those that were not replaced, then those entered, by their names.

    Notes
    -----
    The entries are applied by number: the order in which other facts were written has no effect. An entry of
    which a movement is no longer there, because the entry that made it was undone, has no effect either: it
    would count a movement twice.
    """
    found = dict(movements)
    for fact in sorted(manual, key=lambda each: each.seq or 0):
        replaced = fact.data["replaces"]
        if all(key in found and found[key].data["phase"] == "closed" for key in replaced):
            for key in replaced:
                del found[key]
            found |= {made.data["id"]: made for made in _made(fact)}
    return found


def _made(fact: Fact[ManualData]) -> Iterable[Fact[MovementData]]:
    """Make the movements of an entry; their names are those of the entry with a number."""
    for i, drawn in enumerate(fact.data["movements"]):
        data: MovementData = {
            "leg": drawn["leg"],
            "id": f"M{fact.seq}" if i == 0 else f"M{fact.seq}.{i}",
            "phase": "closed",
            "onset": drawn["onset"],
            "end": drawn["end"],
            "known": drawn["end"],
            "morphology": True,
        }
        yield Fact("movement", drawn["onset"], PERSON, data, seq=fact.seq)


def manual_authors(
    movements: Mapping[str, Fact[MovementData]], manual: Iterable[Fact[ManualData]]
) -> dict[str, str]:
    """Return who entered each of the movements that a person entered, empty if unknown, by their names."""
    authors = {fact.seq: str(fact.data.get("author", "")) for fact in manual}
    # Most sessions have none: then there is nothing to search for.
    entered = movements.items() if authors else ()
    return {key: authors.get(fact.seq, "") for key, fact in entered if fact.source == PERSON}


def manual_text(data: ManualData) -> str:
    """Return what an entry did, as an entry of the log."""
    before, after = len(data["replaces"]), len(data["movements"])
    if not before:
        return "movement entered" if after == 1 else f"{after} movements entered"
    if before == after == 1:
        return "movement changed"
    return f"movement split in {after}" if before < after else f"{before} movements merged"
