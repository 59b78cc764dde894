"""Lay out the report of a session."""

from __future__ import annotations

import datetime as dt
from itertools import chain
from typing import Any

from monitor.outputs.report import counts, history, numbers, plots
from monitor.outputs.report.blocks import Block, Report, Section, Table, Text
from monitor.session.damage import damage_words, set_aside_text
from monitor.session.reader import Session
from monitor.session.wall_time import WallTime

_NOT_A_DEVICE = "Not a medical device. It informs and does not diagnose."
_MEANING = (
    """PLMS per hour of sleep counts movements of series with their onset in sleep, per hour of staged sleep
    in which at least one leg could be scored. Without stages there is no such index; PLM per hour recorded is
    another number. A rate is given from ten minutes of its denominator on.""",
    """More than 15 per hour in an adult and 5 in a child are reference values, not a diagnosis: periodic limb
    movements occur in other disorders and in healthy people. The index is only right when sleep, breathing
    and arousals are known.""",
    """“8 µV above rest” is measured on an envelope, and no two programs use the same one; ours is named
    below. AASM and WASM leave points open; each is a switch, and the switches used are listed below.""",
)


def report_of(session: Session, made: dt.datetime) -> Report:
    """Put a session's report together.

    Parameters
    ----------
    session : Session
    made : datetime
        When the report is made, in UTC.
    """
    wall = WallTime.of(session.state.facts("stream"), session.state.facts("clock"))
    signature_text, is_signed = _signature_text(session, wall)
    about = session.state.session
    subtitle = f"{about.get('bed', '')}  ·  study {about.get('study') or 'without a code'}"
    footer = (
        f"PLMS Monitor {session.summary['version']}  ·  session {session.folder.path.resolve().name}  ·  "
        f"made {wall.local(made):%Y-%m-%d %H:%M}  ·  {_NOT_A_DEVICE}"
    )
    sections = (_first_page(session, wall), *_tables(session, wall))
    return Report(
        "Periodic limb movements: report of a night", subtitle, signature_text, is_signed, footer, sections
    )


def _signature_text(session: Session, wall: WallTime) -> tuple[str, bool]:
    """Say whether a person has signed, and whether anything that counts was changed since."""
    if session.is_running:
        return "PROVISIONAL: this recording has not been ended. Not reviewed.", False
    signed = session.summary["signed"]
    if signed is None:
        if session.state.facts("sign"):
            return "PROVISIONAL: changed after it was signed; not reviewed again.", False
        return "PROVISIONAL: not reviewed by a person.", False
    who = signed["author"] or "a person who gave no name"
    told = signed["told_utc"]
    when = f" on {wall.local(dt.datetime.fromisoformat(told)):%Y-%m-%d %H:%M}" if told else ""
    return f"Reviewed and signed by {who}{when}.", True


def _first_page(session: Session, wall: WallTime) -> Section:
    summary = session.summary
    main = str(summary["main_profile"])
    profile = session.main.profile
    name = numbers.honest(dict(numbers.RATES)[_main_key(summary)], summary)
    head = (
        f"{name}, by {numbers.RULE_NAMES.get(main, main)} (main rule set): "
        f"{numbers.rate(summary['rules'][main], _main_key(summary))}"
    )
    reference = (
        f"Reference value, no diagnosis ({profile.audience}): more than {profile.reference_per_h:g} PLMS "
        "per hour of sleep."
    )
    said = (*_damage(session, wall), set_aside_text(session.state), *_cautions(summary))
    cautions = tuple(Text(f"Note: {caution}") for caution in said if caution)
    blocks: tuple[Block, ...] = (
        Text(head),
        counts.main_table(summary),
        Text(reference),
        plots.overview_plot(session, wall, name),
        _recording(session, wall),
        *cautions,
    )
    return Section("Summary", blocks)


def _main_key(summary: Any) -> str:
    return "plms_index" if summary["tst_h"] is not None else "plm_per_hour_recorded"


def _recording(session: Session, wall: WallTime) -> Table:
    summary, night = session.summary, session.night
    end_s = night.end_us / 1e6
    when = wall.span_text(0.0, end_s)
    lights = " / ".join(
        "–" if at_us is None else wall.text(at_us / 1e6)
        for at_us in (night.lights_off_us, night.lights_on_us)
    )
    usable = ", ".join(f"{leg} {hours:.2f} h" for leg, hours in summary["usable_h"].items())
    tst, wake = numbers.hours(summary["tst_h"]), numbers.hours(summary["wake_h"])
    rows = (
        ("Recorded", f"{when}, {numbers.hours(summary['recording_h'])}"),
        ("Lights off / on; time in bed", f"{lights}; {numbers.hours(summary['tib_h'])}"),
        ("Asleep; awake in bed (with a usable leg)", f"{tst}; {wake}"),
        ("Usable signal; one leg only", f"{usable}; {summary['one_leg_only_h']:.2f} h"),
    )
    return Table(("", ""), rows, wide=1)


def _damage(session: Session, wall: WallTime) -> list[str]:
    """Say which facts and which signal are missing because a file was damaged."""
    said = []
    for fact in session.state.facts("damaged"):
        if fact.data.get("n") == 0:
            continue
        end_s = fact.data.get("end")
        span = "" if fact.t is None or end_s is None else f", {wall.text(fact.t)} to {wall.text(end_s)}"
        excluded = "; this time is in no denominator" if fact.data["what"] == "journal" else ""
        said.append(f"DAMAGED {fact.data['what']}: {damage_words(fact.data)}{span}{excluded}.")
    return said


def _cautions(summary: Any) -> list[str]:
    cautions = []
    if summary["tst_h"] is None:
        cautions.append(
            "no sleep stages: there is no PLMS index, and PLM awake and asleep are not told apart."
        )
    if summary["one_leg_only_h"] >= 0.05:
        cautions.append(f"for {summary['one_leg_only_h']:.2f} h only one leg could be scored.")
    lost_h = summary["recording_h"] - summary["any_usable_h"]
    if lost_h >= 0.05:
        cautions.append(f"for {lost_h:.2f} h no leg could be scored; this time is in no denominator.")
    if summary["n_epochs_auto"]:
        cautions.append(_estimated(summary))
    return cautions


def _estimated(summary: Any) -> str:
    """Say how much of the sleep is an estimate, how far a person agreed, and what there is without it."""
    said = (
        f"{summary['estimated_share']:.0%} of the staged time ({summary['n_epochs_auto']} epochs) is an "
        "ESTIMATE from EEG by a program, not scored by a person"
    )
    agreed = summary["estimate_agreement"]
    if agreed is not None:
        same, n = agreed["share"], agreed["n_epochs"]
        said += f"; on sleep or wake it agrees with who staged in {same:.0%} of {n} epochs"
    main = summary["without_estimate"][summary["main_profile"]]
    return f"{said}. Without it: {main['plm_per_hour_recorded']:.1f} PLM per hour recorded."


def _tables(session: Session, wall: WallTime) -> list[Section]:
    summary = session.summary
    main = str(summary["main_profile"])
    by_time: list[Block] = [
        counts.stretches(summary, "by_hour", "hour of the time in bed", wall),
        counts.stretches(summary, "by_third", "third of the time in bed", wall),
        Text(f"By stage at the onset, {numbers.RULE_NAMES.get(main, main)}, time in bed:"),
        counts.by_stage(session),
    ]
    position = counts.by_position(session)
    by_time += [position] if position is not None else [Text("No body position was noted.")]
    split = counts.segments(summary, wall)
    wasm, low_s, high_s = _intervals(session)
    return [
        Section("Both rule sets", tuple(counts.every_index(summary))),
        Section("By time, stage and position", tuple(by_time)),
        *([Section("Split night", (split,))] if split is not None else []),
        Section("Intervals", (plots.imi_plot(wasm, low_s, high_s),)),
        Section(f"Series ({numbers.RULE_NAMES.get(main, main)})", (counts.series(summary, main, wall),)),
        Section("Signal", (*history.gaps(session, wall), plots.resting_plot(session, wall))),
        Section("Bio-calibration", tuple(history.calibrations(session, wall))),
        Section("Technologist's log", (history.log(session, wall),)),
        Section("Alerts", tuple(history.alerts(session, wall))),
        Section("Technical events", (history.technical(session, wall),)),
        Section("Manual edits", tuple(counts.edits(summary))),
        Section("What the numbers mean", tuple(Text(" ".join(text.split())) for text in _MEANING)),
        Section("How it was scored", _how(session)),
    ]


def _intervals(session: Session) -> tuple[Any, float, float]:
    """Return the rule set that reports intervals, and its bounds (s)."""
    name = "wasm2016" if "wasm2016" in session.rules else str(session.summary["main_profile"])
    profile = session.rules[name]
    return session.summary["rules"][name], profile.imi_min_us / 1e6, profile.imi_max_us / 1e6


def _how(session: Session) -> tuple[Block, ...]:
    summary, about = session.summary, session.state.session
    rows = (
        ("Scored with", f"PLMS Monitor {summary['version']}; recorded with {about.get('version', '?')}"),
        ("Configuration (SHA-256)", str(summary["config_sha256"])),
        ("Measure of the µV rules", str(about.get("measure", ""))),
        ("Main rule set", numbers.RULE_NAMES.get(summary["main_profile"], summary["main_profile"])),
        ("Facts in the journal", str(len(session.facts))),
    )
    profiles = [profile.as_dict() for profile in session.rules.values()]
    names = list(dict.fromkeys(chain.from_iterable(profiles)))
    switches = tuple(
        (name, *(_switch(profile.get(name)) for profile in profiles))
        for name in names
        if name not in ("name", "audience", "not_reported")
    )
    heads = ("switch", *(numbers.RULE_NAMES.get(name, name) for name in session.rules))
    return (Table(("", ""), rows, wide=1), Table(heads, switches))


def _switch(value: Any) -> str:
    if isinstance(value, (list, tuple, set, frozenset)):
        return ", ".join(sorted(map(str, value))) or "none"
    return numbers.NONE if value is None else str(value)
