"""Where the night stands, in the few numbers that go out every second and every half minute."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from monitor.facts import LEGS, Fact
from monitor.score import Score
from monitor.session.fold import NightState

_HOUR_US = 3.6e9
_SAVED_OLD_S = 15.0


def index_values(
    state: NightState, scores: Mapping[str, Score], main_profile: str
) -> dict[str, float | None]:
    """Return the channels of the index outlet by label; None where undefined."""
    main, aasm, wasm = (scores[name].indices for name in (main_profile, "aasm3", "wasm2016"))
    tst_us = scores[main_profile].denominators.tst_us
    usable: dict[str, bool] = {leg: state.leg_state(leg) in ("ok", "warn") for leg in LEGS}
    return {
        "plms_index_aasm3": aasm.plms_index,
        "plms_index_wasm2016": wasm.plms_index,
        "plm_per_hour_recorded": main.plm_per_hour_recorded,
        "plm_rate_30min": main.rate_30min,
        "n_plms_aasm3": aasm.n_plms,
        "n_plms_wasm2016": wasm.n_plms,
        "tst_h": None if tst_us is None else tst_us / _HOUR_US,
        "usable_left": float(usable["left"]),
        "usable_right": float(usable["right"]),
        "state": float(_state_code(state, usable)),
    }


def snapshot(
    state: NightState, scores: Mapping[str, Score], main_profile: str, recorded_s: float
) -> dict[str, Any]:
    """Return where the night stands, enough for a screen that joined late."""
    main = scores[main_profile]
    running = main.series[-1] if main.series and not main.series[-1].ended else None
    return {
        "bed": state.session["bed"],
        "main_profile": main_profile,
        "recorded_s": recorded_s,
        "index": index_values(state, scores, main_profile),
        "stage": state.stage_at(recorded_s),
        "stages": main.denominators.stages or None,
        "n_epochs_auto": main.denominators.n_epochs_auto,
        "legs": {leg: state.leg_state(leg) for leg in state.legs},
        "series": None if running is None else {"n": running.n, "onset": running.onset_us / 1e6},
        "n_series": len(main.series),
        "too_early": sorted(main.indices.too_early),
        "n_lm": main.indices.n_lm,
    }


def news(where: Mapping[str, Any]) -> tuple[Any, ...]:
    """Return what of a snapshot must not wait for the next half minute."""
    health, series = where["health"], where["series"]
    is_old = (health["saved_s_ago"] or 0.0) > _SAVED_OLD_S
    return where["stage"], tuple(where["legs"].items()), series and series["n"], health["trouble"], is_old


def standing_facts(state: NightState) -> list[Fact]:
    """List the facts that say how things are right now: what a screen that joined late has to know of them.

    How the night began, each stream, each leg's quality, gaps that are open and the last that was, the
    lights, the last stage of each source.
    """
    latest: dict[tuple[str, str], Fact] = {("session", ""): state.facts("session")[0]}
    latest |= {("stream", str(fact.data["key"])): fact for fact in state.facts("stream")}
    latest |= {("quality", fact.data["leg"]): fact for fact in state.facts("quality")}
    latest |= {("stage", fact.source): fact for fact in state.facts("stage")}
    latest |= {(kind, ""): fact for kind in ("lights", "stop") for fact in state.facts(kind)[-1:]}
    gaps = state.facts("gap")
    open_gaps = [fact for fact in gaps[:-1] if fact.data["end"] is None]
    found = [*latest.values(), *open_gaps, *gaps[-1:]]
    return sorted(found, key=lambda fact: fact.seq or 0)


def _state_code(state: NightState, usable: Mapping[str, bool]) -> int:
    """Code the state: 0 learning, 1 running, 2 one leg only, 3 no signal, 4 ended."""
    if state.stopped_s is not None:
        return 4
    if any(usable.values()):
        return 1 if all(usable.values()) else 2
    return 0 if any(state.leg_state(leg) == "learning" for leg in state.legs) else 3
