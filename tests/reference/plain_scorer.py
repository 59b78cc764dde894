"""A second scorer, written from the design's rules alone: slow, literal, no code shared with the real one.

Two separate functions, numbers written out, brute force over elementary pieces of time. It only reads the
input types of the real scorer.
"""

from __future__ import annotations

import math
from itertools import pairwise

from reference.plain_lookalikes import large_ones, lookalike, rhythms

from monitor.scoring import Movement, Night

S = 1_000_000
H = 3600 * S
SLEEP = ("N1", "N2", "N3", "R")


# ---------------------------------------------------------------- time


def stage_of(night: Night, t: int) -> str | None:
    for e in night.epochs:
        if e.start_us <= t < e.end_us:
            return e.stage
    return None


def leg_ok(night: Night, leg: str, t: int) -> bool:
    if leg not in night.legs:
        return False
    if any(s.start_us <= t < s.end_us for s in night.unusable.get(leg, ())):
        return False
    return not any(a.is_lost_time and leg in a.legs and a.start_us <= t < a.end_us for a in night.artifacts)


def bed(night: Night) -> tuple[int, int]:
    a = 0 if night.lights_off_us is None else night.lights_off_us
    b = night.end_us if night.lights_on_us is None else night.lights_on_us
    return max(0, min(a, night.end_us)), max(0, min(b, night.end_us))


def pieces(night: Night) -> list[tuple[int, int, str | None, bool, bool]]:
    cuts = {0, night.end_us, *bed(night)}
    for e in night.epochs:
        cuts |= {e.start_us, e.end_us}
    for spans in night.unusable.values():
        for s in spans:
            cuts |= {s.start_us, s.end_us}
    for a in night.artifacts:
        cuts |= {a.start_us, a.end_us}
    times = sorted(c for c in cuts if 0 <= c <= night.end_us)
    return [
        (a, b, stage_of(night, a), leg_ok(night, "left", a), leg_ok(night, "right", a))
        for a, b in pairwise(times)
    ]


def amount(parts, a, b, wanted) -> int:
    return sum(max(0, min(b, p[1]) - max(a, p[0])) for p in parts if wanted(p))


def dead_stretches(parts) -> list[tuple[int, int]]:
    out: list[tuple[int, int]] = []
    for a, b, _, left, right in parts:
        if left or right:
            continue
        if out and out[-1][1] == a:
            out[-1] = (out[-1][0], b)
        else:
            out.append((a, b))
    return out


def has_stages(night: Night) -> bool:
    return any(e.stage != "unscored" for e in night.epochs)


def where_counted(night: Night, t: int) -> str:
    a, b = bed(night)
    stage = stage_of(night, t)
    if not a <= t < b:
        return ""
    return "sleep" if stage in SLEEP else "wake" if stage == "W" else ""


def first_sleep(night: Night, a: int, b: int) -> int:
    """Return the first moment of [a, b) that is sleep in bed, or the onset when there is none (AASM v3)."""
    off, on = bed(night)
    asleep = [
        max(a, e.start_us, off)
        for e in night.epochs
        if e.stage in SLEEP and max(e.start_us, off, a) < min(e.end_us, on, b)
    ]
    return min(asleep, default=a)


def onset_only(night: Night, a: int, b: int) -> int:
    return a


# ---------------------------------------------------------------- single legs


def one_leg_list(night: Night, leg: str) -> list[dict]:
    """Movements of a leg with gaps under half a second closed, by repeated pairwise joining."""
    items = [
        {
            "a": m.onset_us,
            "b": m.end_us,
            "leg": leg,
            "keys": {m.key},
            "open": m.is_open,
            "shape": m.morphology_ok,
        }
        for m in night.movements
        if m.leg == leg and not m.rejected
    ]
    joined = True
    while joined:
        joined = False
        for x in items:
            for y in items:
                if x is not y and x["a"] - y["b"] < S // 2 and y["a"] - x["b"] < S // 2:
                    x["a"], x["b"] = min(x["a"], y["a"]), max(x["b"], y["b"])
                    x["keys"] |= y["keys"]
                    x["open"] |= y["open"]
                    x["shape"] |= y["shape"]
                    items = [i for i in items if i is not y]
                    joined = True
                    break
            if joined:
                break
    return items


def on_artifact(night: Night, x: dict) -> bool:
    for art in night.artifacts:
        covers = x["leg"] in art.legs or (x["leg"] == "unknown" and set(night.legs) <= art.legs)
        if covers and art.start_us < x["b"] and x["a"] < art.end_us:
            return True
    return False


def near_event(x: dict, lo: int, hi: int) -> bool:
    return x["a"] <= hi and x["b"] >= lo


def aroused(night: Night, x: dict) -> bool:
    for ar in night.arousals:
        gap = max(ar.start_us - x["b"], x["a"] - ar.end_us)
        if gap < S // 2:
            return True
    return False


# ---------------------------------------------------------------- AASM


def aasm_fate(night: Night, x: dict, named: str) -> str:
    lights_off, lights_on = bed(night)
    length, at, staged = x["b"] - x["a"], first_sleep(night, x["a"], x["b"]), has_stages(night)
    stage = stage_of(night, at)
    fates = {
        "twitch": length < S // 2 and not x["open"],
        "artifact": on_artifact(night, x),
        named or "tremor": bool(named),
        "long": length > 10 * S,
        "wake": staged and stage == "W",
        "unscored": staged and stage not in SLEEP,
        "outside": staged and not lights_off <= at < lights_on,
        "respiratory": x["resp"],
        "open": x["open"],
    }
    return next((name for name, applies in fates.items() if applies), "")


def twitch_list(night: Night, respiratory, when) -> list[dict]:
    """Twitches of the detector that lie in no movement of their leg."""
    out = []
    for t in night.twitches:
        around = [(m["a"], m["b"]) for m in one_leg_list(night, t.leg)]
        around += [(m.onset_us, m.end_us) for m in night.movements if m.rejected and m.leg == t.leg]
        if any(a <= t.onset_us and t.end_us <= b for a, b in around):
            continue
        x = {"a": t.onset_us, "b": t.end_us, "leg": t.leg, "keys": {t.key}, "open": False, "why": "twitch"}
        x["resp"] = respiratory(x)
        out.append(lost_row(night, x, when))
    return out


def single_ones(night: Night, fates: list[dict]) -> list[dict]:
    """Movements of single legs that can be part of a large muscle group movement."""
    never = ("twitch", "artifact", "open", "tremor", "alternating", "myoclonus")
    return [x for x in fates if x["why"] not in never and not x["open"]]


def aasm(night: Night, by_letter: bool = False) -> dict:
    rows = [
        reject_row(night, m, -S // 2, S // 2, from_start=True, when=first_sleep)
        for m in night.movements
        if m.rejected
    ]
    rows += twitch_list(night, lambda x: aasm_respiratory(night, x), first_sleep)
    live, every, rhythm = [], [], rhythms(night)
    for leg in ("left", "right", "unknown"):
        for x in one_leg_list(night, leg):
            x["resp"] = aasm_respiratory(night, x)
            x["why"] = aasm_fate(night, x, "" if by_letter else lookalike(night, rhythm, x))
            every.append(x)
            if x["why"]:
                rows.append(lost_row(night, x, first_sleep))
            else:
                live.append(x)
    groups = aasm_groups(live)
    stops = [a for a, b in dead_stretches(pieces(night)) if b - a >= 10 * S]
    runs = aasm_runs(groups, stops)
    number_series(runs)
    last = None
    for g in groups:
        g["arousal"] = aroused(night, g)
        if g["plm"] and g["arousal"]:
            g["arousal"] = last is None or g["a"] - last >= 10 * S
            last = g["a"] if g["arousal"] else last
    still = [m["onset"] for m in rows if m["why"] == "open"]
    over = runs_over(night, runs, stops, [], groups)
    shaky = None
    for g in groups:
        waits = any(
            not o and len(run) < 4 and any(g is r for r in run) for o, run in zip(over, runs, strict=True)
        )
        young = night.end_us < g["a"] + 5 * S or any(abs(t - g["a"]) < 5 * S for t in still)
        young = young or (shaky is not None and g["a"] - shaky < 5 * S)
        shaky = g["a"] if young else None
        why = "" if g["plm"] else "short" if g["short"] else "few"
        rows.append(kept_row(night, g, waits or young, why, first_sleep))
    found = report(night, rows, groups, runs, over, (5, 90), first_sleep)
    return with_large(night, found, every, groups)


def with_large(night: Night, found: dict, every: list[dict], groups: list[dict]) -> dict:
    in_series = {key for g in groups if g["plm"] for key in g["keys"]}
    large = large_ones(night, single_ones(night, every), in_series)
    found["large"] = large
    asleep = sum(where_counted(night, a) == "sleep" for a, _ in large)
    staged = has_stages(night)
    found["indices"]["n_lmm"] = asleep if staged else None
    found["indices"]["lmm_index"] = per_hour(asleep, found["times"]["tst"]) if staged else None
    return found


def aasm_respiratory(night: Night, x: dict) -> bool:
    return any(near_event(x, e.start_us - S // 2, e.end_us + S // 2) for e in night.respiratory)


def aasm_runs(groups: list[dict], stops: list[int]) -> list[list[dict]]:
    runs: list[list[dict]] = []
    for g in groups:
        g.update(imi=None, plm=False, series=None, short=False)
        ref = runs[-1][-1] if runs else None
        if ref is None or any(ref["a"] <= s < g["a"] for s in stops):
            runs.append([g])
            continue
        g["imi"] = g["a"] - ref["a"]
        if g["imi"] < 5 * S:
            g["short"] = True
        elif g["imi"] <= 90 * S:
            runs[-1].append(g)
        else:
            runs.append([g])
    return runs


def number_series(runs: list[list[dict]]) -> None:
    number = 0
    for run in runs:
        if len(run) >= 4:
            number += 1
            for g in run:
                g["plm"], g["series"] = True, number


def aasm_groups(live: list[dict]) -> list[dict]:
    sided = sorted((x for x in live if x["leg"] != "unknown"), key=lambda x: x["a"])
    groups = []
    while sided:
        first = sided.pop(0)
        # Two that begin together and follow an open group: handled when that group was closed (see below).
        members = [first]
        for x in sided:
            if x["a"] - first["a"] >= 5 * S:
                break
            if x["leg"] == first["leg"]:
                # The other leg may begin at this very moment: it still joins.
                twin = [y for y in sided if y["a"] == x["a"] and y["leg"] != first["leg"]]
                members += twin[:1]
                break
            members.append(x)
            break
        if len(members) == 2:
            sided = [x for x in sided if x is not members[1]]
        groups.append(members)
    groups += [[x] for x in live if x["leg"] == "unknown"]
    return finish_groups(groups)


def finish_groups(groups: list[list[dict]]) -> list[dict]:
    out = []
    for members in groups:
        legs = {x["leg"] for x in members}
        out.append(
            {
                "a": min(x["a"] for x in members),
                "b": max(x["b"] for x in members),
                "leg": "both" if legs == {"left", "right"} else legs.pop(),
                "parts": len(members),
                "longest": max(x["b"] - x["a"] for x in members),
                "open": any(x["open"] for x in members),
                "keys": set().union(*(x["keys"] for x in members)),
            }
        )
    rank = {"left": 1, "right": 2, "both": 3, "unknown": 4}
    return sorted(out, key=lambda g: (g["a"], g["b"], rank[g["leg"]]))


# ---------------------------------------------------------------- WASM


def wasm(night: Night, by_letter: bool = False) -> dict:
    rows = [
        reject_row(night, m, -2 * S, 10_250_000, from_start=False, when=onset_only)
        for m in night.movements
        if m.rejected
    ]
    rows += twitch_list(night, lambda x: wasm_respiratory(night, x), onset_only)
    live, every, rhythm = [], [], rhythms(night)
    for leg in ("left", "right", "unknown"):
        for x in one_leg_list(night, leg):
            every.append(x)
            x["resp"] = wasm_respiratory(night, x)
            named = "" if by_letter else lookalike(night, rhythm, x)
            x["why"] = ""
            if x["b"] - x["a"] < S // 2 and not x["open"]:
                x["why"] = "twitch"
            elif on_artifact(night, x):
                x["why"] = "artifact"
            elif not x["shape"] and not x["open"]:
                x["why"] = "morphology"
            elif named:
                x["why"] = named
            if x["why"]:
                rows.append(lost_row(night, x, onset_only))
            else:
                live.append(x)
    groups = wasm_groups(live)
    stops = [a for a, b in dead_stretches(pieces(night)) if b - a >= 10 * S]
    for g in groups:
        small = g["parts"] == 1 or (g["parts"] <= 4 and g["b"] - g["a"] <= 15 * S)
        g["fits"] = g["longest"] <= 10 * S and small
        g["cand"] = g["fits"] and not g["open"]
        g["resp"] = wasm_respiratory(night, g)
        g["arousal"] = aroused(night, g)
        g.update(imi=None, plm=False, series=None, short=False)
    walls = [g for g in groups if not g["fits"]]
    cands = [g for g in groups if g["cand"]]
    runs = wasm_runs(groups, cands, walls, stops, note=True)
    number_series(runs)
    free = [g for g in cands if not g["resp"]]
    nr = [g for run in wasm_runs(groups, free, walls, stops, note=False) if len(run) >= 4 for g in run]
    over = runs_over(night, runs, stops, walls, groups)
    for g in groups:
        waits = any(
            not o and len(run) < 4 and any(g is r for r in run) for o, run in zip(over, runs, strict=True)
        )
        why = "" if g["plm"] else "short" if g["short"] else "few"
        why = why if g["cand"] else "open" if g["fits"] else "noncandidate"
        g["nr"] = any(g is x for x in nr)
        young = g["open"] or night.end_us < g["b"] + S // 2
        rows.append(kept_row(night, g, waits or young, why, onset_only))
    found = report(night, rows, groups, runs, over, (10, 90), onset_only, cands)
    return with_large(night, found, every, groups)


def wasm_respiratory(night: Night, x: dict) -> bool:
    return any(near_event(x, e.end_us - 2 * S, e.end_us + 10_250_000) for e in night.respiratory)


def wasm_groups(live: list[dict]) -> list[dict]:
    groups = [[x] for x in live]

    def near(p: dict, q: dict) -> bool:
        if "unknown" in (p["leg"], q["leg"]):
            return False
        return p["a"] - q["b"] < S // 2 and q["a"] - p["b"] < S // 2

    again = True
    while again:
        again = False
        for i, g in enumerate(groups):
            for j in range(i + 1, len(groups)):
                if any(near(p, q) for p in g for q in groups[j]):
                    g.extend(groups.pop(j))
                    again = True
                    break
            if again:
                break
    return finish_groups(groups)


def wasm_runs(groups, cands, walls, stops, note: bool) -> list[list[dict]]:
    runs: list[list[dict]] = []
    order = {id(g): i for i, g in enumerate(groups)}
    for prev, g in zip([None, *cands], cands, strict=False):
        if prev is None:
            runs.append([g])
            continue
        parted = any(order[id(prev)] < order[id(w)] < order[id(g)] for w in walls)
        parted = parted or any(prev["a"] <= s < g["a"] for s in stops)
        imi = g["a"] - prev["a"]
        if note and not parted:
            g["imi"], g["short"] = imi, imi < 10 * S
        if not parted and 10 * S <= imi <= 90 * S:
            runs[-1].append(g)
        else:
            runs.append([g])
    return runs


# ---------------------------------------------------------------- report


def runs_over(night, runs, stops, walls, groups) -> list[bool]:
    """Say for each run whether nothing can join it any more."""
    begun = [x["a"] for leg in ("left", "right", "unknown") for x in one_leg_list(night, leg) if x["open"]]
    begun += [g["a"] for g in groups if g["open"]]
    out = []
    for i, run in enumerate(runs):
        last = run[-1]
        place = next(k for k, g in enumerate(groups) if g is last)
        behind = [s for s in stops if s >= last["a"]]
        behind += [w["a"] for k, w in enumerate(groups) if k > place and any(w is x for x in walls)]
        late = last["a"] + 90 * S
        if i + 1 < len(runs):
            nearer = min(late + 1, runs[i + 1][0]["a"])
            between = [t for t in begun if last["a"] < t < nearer and not any(s < t for s in behind)]
            out.append(not between)
        else:
            waited = night.end_us > late + S // 2 and not any(t <= late for t in begun)
            out.append(bool(behind) or waited)
    return out


def base_row(night: Night, a: int, b: int, leg: str, parts: int, keys, when) -> dict:
    at = when(night, a, b)
    return {
        "onset": a, "end": b, "leg": leg, "parts": parts, "keys": sorted(keys),
        "stage": stage_of(night, at), "counted": where_counted(night, at), "at": at,
        "candidate": False, "plm": False, "series": None, "imi": None, "nr": False,
    }  # fmt: skip


def reject_row(night: Night, m: Movement, lo: int, hi: int, from_start: bool, when) -> dict:
    x = {"a": m.onset_us, "b": m.end_us}
    resp = any(
        near_event(x, (e.start_us if from_start else e.end_us) + lo, e.end_us + hi) for e in night.respiratory
    )
    row = base_row(night, m.onset_us, m.end_us, m.leg, 1, [m.key], when)
    return row | {
        "why": "rejected",
        "respiratory": resp,
        "arousal": aroused(night, x),
        "provisional": m.is_open,
    }


def lost_row(night: Night, x: dict, when) -> dict:
    row = base_row(night, x["a"], x["b"], x["leg"], 1, x["keys"], when)
    return row | {
        "why": x["why"],
        "respiratory": x["resp"],
        "arousal": aroused(night, x),
        "provisional": x["open"],
    }


def kept_row(night: Night, g: dict, provisional: bool, why: str, when) -> dict:
    row = base_row(night, g["a"], g["b"], g["leg"], g["parts"], g["keys"], when)
    return row | {
        "candidate": g.get("cand", True), "plm": g["plm"], "series": g["series"], "imi": g["imi"],
        "respiratory": g.get("resp", False), "arousal": g["arousal"], "nr": g.get("nr", False),
        "provisional": provisional, "why": why,
    }  # fmt: skip


def per_hour(n: int, over: int | None) -> float | None:
    return None if not over else n / (over / H)


def mean(values: list[float]) -> float | None:
    return sum(values) / len(values) if values else None


def report(night, rows, groups, runs, over, bounds, when, cands=None) -> dict:
    parts, staged, (off, on) = pieces(night), has_stages(night), bed(night)
    usable = lambda p: p[3] or p[4]  # noqa: E731
    times = {
        "tst": amount(parts, off, on, lambda p: usable(p) and p[2] in SLEEP) if staged else None,
        "wake": amount(parts, off, on, lambda p: usable(p) and p[2] == "W") if staged else None,
        "nrem": amount(parts, off, on, lambda p: usable(p) and p[2] in SLEEP[:3]) if staged else None,
        "rem": amount(parts, off, on, lambda p: usable(p) and p[2] == "R") if staged else None,
        "one_leg": amount(parts, off, on, lambda p: p[3] != p[4] and (not staged or p[2] in (*SLEEP, "W"))),
        "left": amount(parts, 0, night.end_us, lambda p: p[3]),
        "right": amount(parts, 0, night.end_us, lambda p: p[4]),
        "any": amount(parts, 0, night.end_us, usable),
        "tib": on - off,
        "recording": night.end_us,
    }
    main = [
        r
        for r in rows
        if r["why"] in ("", "short", "few", "noncandidate", "open") and not lost_open(r, groups)
    ]
    wasm_rules = cands is not None
    cands = groups if cands is None else cands
    plm = [r for r in main if r["plm"]]
    asleep = [r for r in main if r["candidate"] and r["counted"] == "sleep"]
    plms = [r for r in plm if r["counted"] == "sleep"]
    plmw = [r for r in plm if r["counted"] == "wake"]
    tst = times["tst"]
    start, left = night.end_us, 1800 * S
    for a, b, _, lo, ro in reversed(parts):
        if left and (lo or ro):
            take = min(left, b - a)
            left, start = left - take, b - take
    if left:
        start = 0
    imis = [g["imi"] for g in cands]
    out = {
        "n_lm": sum(not g["open"] for g in groups), "n_plm": len(plm),
        "n_series": sum(len(r) >= 4 for r in runs),
        "n_plms": len(plms), "n_plms_arousal": sum(r["arousal"] for r in plms),
        "n_plms_nrem": sum(r["stage"] != "R" for r in plms),
        "n_plms_rem": sum(r["stage"] == "R" for r in plms),
        "plms_index": per_hour(len(plms), tst),
        "plms_arousal_index": per_hour(sum(r["arousal"] for r in plms), tst),
        "plms_nrem_index": per_hour(sum(r["stage"] != "R" for r in plms), times["nrem"]),
        "plms_rem_index": per_hour(sum(r["stage"] == "R" for r in plms), times["rem"]),
        "plms_duration_mean_s": mean([(r["end"] - r["onset"]) / S for r in plms]) if staged else None,
        "plm_duration_mean_s": mean([(r["end"] - r["onset"]) / S for r in plm]),
        "plm_per_hour_recorded": per_hour(len(plm), night.end_us),
        "plm_per_hour_usable": per_hour(len(plm), times["any"]),
        "rate_30min": per_hour(sum(r["onset"] >= start for r in plm), 1800 * S - left),
        "imi_histogram": tuple(
            sum(v is not None and 2 * S * k <= v < 2 * S * (k + 1) + (k == 44) for v in imis)
            for k in range(45)
        ),
        "imi_ln_histogram": tuple(
            sum(v is not None and S <= v <= 90 * S and math.floor(math.log(v / S) * 10) == k for v in imis)
            for k in range(45)
        ),
        "plm_by_leg": by_leg(plm),
        "plms_by_leg": by_leg(plms),
        "by_hour": [], "by_third": [],
    }  # fmt: skip
    t = off
    while t < on:
        out["by_hour"].append(stretch(parts, staged, plm, plms, t, min(t + H, on)))
        t += H
    for k in range(3):
        a, b = off + (on - off) * k // 3, off + (on - off) * (k + 1) // 3
        out["by_third"].append(stretch(parts, staged, plm, plms, a, b))
    if wasm_rules:
        spare = [r for r in asleep if not r["plm"]]
        n = {
            "n_clms": len(asleep), "n_plmw": len(plmw),
            "n_plmsnr": sum(r["nr"] and r["counted"] == "sleep" for r in main),
            "n_respiratory": sum(r["respiratory"] for r in asleep),
            "n_short_interval": sum(r["why"] == "short" for r in spare),
            "n_isolated": sum(r["why"] == "few" for r in spare),
        }  # fmt: skip
        out |= n | {
            "n_clm": len(cands),
            "clms_index": per_hour(n["n_clms"], tst), "plmw_index": per_hour(len(plmw), times["wake"]),
            "plmsnr_index": per_hour(n["n_plmsnr"], tst),
            "respiratory_index": per_hour(n["n_respiratory"], tst),
            "short_interval_index": per_hour(n["n_short_interval"], tst),
            "isolated_index": per_hour(n["n_isolated"], tst),
            "pi_plm": len(plms) / len(asleep) if asleep and staged else None,
            "plmw_duration_mean_s": mean([(r["end"] - r["onset"]) / S for r in plmw]) if staged else None,
            "clms_duration_mean_s": mean([(r["end"] - r["onset"]) / S for r in asleep]) if staged else None,
        }  # fmt: skip
        out |= interval_numbers(imis, *bounds)
    if not staged:
        for key in (
            "n_plms", "n_plms_arousal", "n_plms_nrem", "n_plms_rem", "n_clms", "n_plmw", "n_plmsnr",
            "n_respiratory", "n_short_interval", "n_isolated", "plms_by_leg",
        ):  # fmt: skip
            if key in out:
                out[key] = None
    is_asleep = lambda g: where_counted(night, when(night, g["a"], g["b"])) == "sleep"  # noqa: E731
    series = [
        {
            "onset": r[0]["a"], "end": max(g["b"] for g in r), "n": len(r), "last": r[-1]["a"],
            "imi": round((r[-1]["a"] - r[0]["a"]) / (len(r) - 1)),
            "asleep": sum(is_asleep(g) for g in r) if staged else None,
            "ended": o,
        }
        for r, o in zip(runs, over, strict=True)
        if len(r) >= 4
    ]  # fmt: skip
    pending = None
    if runs and not over[-1] and len(runs[-1]) < 4:
        pending = (runs[-1][0]["a"], runs[-1][-1]["a"], len(runs[-1]))
    return {"rows": rows, "times": times, "indices": out, "series": series, "pending": pending}


def lost_open(row: dict, groups: list[dict]) -> bool:
    """Whether a running movement was kept out of the groups (AASM)."""
    return row["why"] == "open" and not any(g["open"] for g in groups)


def by_leg(rows: list[dict]) -> dict:
    return {leg: sum(r["leg"] == leg for r in rows) for leg in ("left", "right", "both", "unknown")}


def stretch(parts, staged, plm, plms, a, b):
    n = sum(a <= r["at"] < b for r in plm)
    if not staged:
        return a, b, n, None, None, None
    m = sum(a <= r["at"] < b for r in plms)
    tst = amount(parts, a, b, lambda p: (p[3] or p[4]) and p[2] in SLEEP)
    return a, b, n, m, tst / H, per_hour(m, tst)


def interval_numbers(imis, low, high) -> dict:
    known = [v for v in imis if v is not None]
    fine = [v is not None and low * S <= v <= high * S for v in imis]
    logs = [math.log(v / S) for v, f in zip(imis, fine, strict=True) if f]
    lucky = 0
    for i, f in enumerate(fine):
        if f:
            a, b = i, i
            while a > 0 and fine[a - 1]:
                a -= 1
            while b + 1 < len(fine) and fine[b + 1]:
                b += 1
            lucky += b - a + 1 >= 3
    m = mean(logs)
    sd = math.sqrt(sum((x - m) ** 2 for x in logs) / (len(logs) - 1)) if len(logs) > 1 else None
    return {"pi_imi": lucky / len(known) if known else None, "imi_ln_mean": m, "imi_ln_sd": sd}
