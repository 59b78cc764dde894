"""The limbs that are watched and not scored: their movements and times, apart from every rule and index."""

from __future__ import annotations

from collections.abc import Mapping

from monitor.model.facts import Fact
from monitor.model.payloads import ConditionData, LimbData
from monitor.scoring.inputs import Movement
from monitor.scoring.spans import bounds, complement, union
from monitor.scoring.tables import limb_rows, limbs_tsv
from monitor.session.movement_parts import damaged_spans, n_lost, to_us, unusable_spans, without_lost_endings
from monitor.session.state import SessionState

_HOUR_US = 3_600_000_000


def limb_movements(state: SessionState) -> dict[str, list[Movement]]:
    """Return the movements of each limb that have ended, twitches left out."""
    latest: dict[str, Fact[LimbData]] = {fact.data["id"]: fact for fact in state.facts("limb")}
    found: dict[str, list[Movement]] = {limb: [] for limb in state.limbs}
    for fact in latest.values():
        if fact.data["phase"] == "closed" and fact.data["limb"] in found:
            onset_us, end_us = to_us(fact.data["onset"]), to_us(fact.data["end"])
            uv = fact.data.get("peak_uv"), fact.data.get("resting_uv")
            found[fact.data["limb"]].append(Movement(onset_us, end_us, "unknown", fact.data["id"], *uv))
    return found


def open_limb_movements(state: SessionState) -> list[Fact[LimbData]]:
    """List the latest fact of each limb movement that has been flagged and has not ended."""
    latest = {fact.data["id"]: fact for fact in state.facts("limb")}
    return [fact for fact in latest.values() if fact.data["phase"] in ("onset", "confirmed")]


def limb_numbers(state: SessionState) -> dict[str, int]:
    """Return the highest number of a movement by limb: a resumed recorder must use none twice."""
    highest: dict[str, int] = {}
    for fact in state.facts("limb"):
        limb, used = str(fact.data["limb"]), int(str(fact.data["id"]).rpartition("-")[2])
        highest[limb] = max(highest.get(limb, 0), used)
    lost = n_lost(state.facts("damaged"))
    return {limb: highest.get(limb, 0) + lost for limb in (state.limbs if lost else highest)}


def limbs_table(state: SessionState) -> str:
    """Return ``limbs.tsv``: one row per movement of 0.5 s or more, by onset."""
    return limbs_tsv(limb_movements(state))


def limbs_summary(state: SessionState, end_us: int) -> dict[str, Mapping[str, float | int | None]]:
    """Return for each limb how many movements, in how many usable hours, and their rate.

    Parameters
    ----------
    state : SessionState
    end_us : int
        How far the recording has come.
    """
    movements = limb_movements(state)
    whole: dict[str, Mapping[str, float | int | None]] = {}
    for limb in state.limbs:
        gaps = [f for f in state.facts("gap") if limb in f.data.get("limbs", ())]
        own = state.facts("limb_quality")
        qualities: list[Fact[ConditionData]] = [f for f in own if f.data["limb"] == limb]
        damaged = state.facts("damaged")
        onsets_s = [movement.onset_us / 1e6 for movement in movements[limb]] if damaged else []
        gaps, qualities = without_lost_endings(gaps, qualities, damaged, onsets_s)
        spans = (*unusable_spans(gaps, qualities, end_us), *damaged_spans(damaged, end_us))
        lost = union([bounds(spans)], 0, end_us)
        starts, ends = complement(lost, 0, end_us)
        n, usable_h = len(limb_rows(movements[limb])), int((ends - starts).sum()) / _HOUR_US
        whole[limb] = {
            "n_movements": n,
            "usable_h": usable_h,
            "per_hour_usable": n / usable_h if usable_h else None,
        }
    return whole
