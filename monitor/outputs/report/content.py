"""Build the content of the report of a session."""

from __future__ import annotations

import datetime as dt
from itertools import chain
from typing import Any

from monitor.model import wording
from monitor.outputs.report import counts, heart, history, numbers, plots, sit, uncertainty
from monitor.outputs.report.blocks import Blank, Block, Report, Section, Table, Text
from monitor.outputs.report.sample_trace import sample_trace
from monitor.session.damage import damage_words, set_aside_text
from monitor.session.reader import Session
from monitor.session.wall_time import WallTime, to_minute

_NOT_A_DEVICE = "Not a medical device. It informs and does not diagnose."
_MEANING = (
    """PLMS per hour of sleep counts movements in series in sleep (AASM: any part of the movement lies in
    an epoch of sleep; WASM: its onset does), per hour of staged sleep in which at least one leg could be
    scored. It is undefined without stages; PLM per hour recorded is
    a different number. A rate is shown once its denominator is at least ten minutes.""",
    """More than 15 per hour in an adult and 5 in a child are reference values, not a diagnosis: periodic limb
    movements occur in other disorders and in healthy people. The index is correct only if sleep, breathing
    events and arousals are known.""",
    """“8 µV above rest” is measured on an envelope, and every program uses a different one; the one used is
    named below. AASM and WASM leave points open; each is a switch, and all switches are listed below.""",
)

_TO_FILL_IN = (
    Blank("Interpretation by a clinician (this program gives none):", 22.0),
    Blank("Name, date, signature:", 12.0),
)


def report_of(session: Session, made: dt.datetime) -> Report:
    """Build the report of a session.

    Parameters
    ----------
    session : Session
    made : datetime
        Time of creation, in UTC.
    """
    wall = WallTime.of(session.state.facts("stream"), session.state.facts("clock"))
    signature_text, is_signed = _signature_text(session, wall)
    about = session.state.session
    study = f"study {about['study']}" if about.get("study") else "no study code"
    subtitle = f"{about.get('bed', '')}  ·  {study}"
    footer = (
        f"PLMS Monitor {session.summary['version']}  ·  session {session.folder.path.resolve().name}  ·  "
        f"created {to_minute(wall.local(made)):%Y-%m-%d %H:%M}  ·  {_NOT_A_DEVICE}"
    )
    if session.state.is_sit:
        notes = [text for text in (*_damage(session, wall), set_aside_text(session.state)) if text]
        title, first = sit.TITLE, sit.first_page(session, wall, notes)
        sections = (first, *_about_recording(session, wall), Section("How it was scored", _how(session)))
    else:
        title = "Periodic limb movements: report of a recording"
        sections = (_first_page(session, wall), *_tables(session, wall))
    return Report(
        title,
        subtitle,
        signature_text,
        is_signed,
        footer,
        sections,
    )


def _signature_text(session: Session, wall: WallTime) -> tuple[str, bool]:
    """Return whether a person has signed, and whether anything relevant was changed since."""
    if session.is_running:
        return "PROVISIONAL: the recording has not ended. Not reviewed.", False
    signed = session.summary["signed"]
    if signed is None:
        if session.state.facts("sign"):
            return "PROVISIONAL: changed after the signature; not reviewed again.", False
        return "PROVISIONAL: not reviewed by a person.", False
    who = signed["author"] or "a person without a name"
    signed_utc = signed["told_utc"]
    when = (
        f" on {to_minute(wall.local(dt.datetime.fromisoformat(signed_utc))):%Y-%m-%d %H:%M}"
        if signed_utc
        else ""
    )
    return f"Reviewed and signed by {who}{when}.", True


def _first_page(session: Session, wall: WallTime) -> Section:
    summary = session.summary
    main = str(summary["main_profile"])
    profile = session.main.profile
    name = numbers.with_sleep_name(dict(numbers.RATES)[_main_key(summary)], summary)
    head = (
        f"{name}, by {numbers.RULE_NAMES.get(main, main)} (main rule set): "
        f"{numbers.rate(summary['rules'][main], _main_key(summary))}, {_counted(summary)}"
    )
    reference = (
        f"Reference value, not a diagnosis ({profile.audience}): more than {profile.reference_per_h:g} PLMS "
        "per hour of sleep."
    )
    texts = (*_damage(session, wall), set_aside_text(session.state), *_cautions(summary))
    cautions = tuple(Text(f"Note: {caution}") for caution in texts if caution)
    blocks: tuple[Block, ...] = (
        Text(head),
        counts.main_table(summary),
        Text(reference),
        *uncertainty.first_page(summary),
        plots.overview_plot(session, wall, name),
        _recording(session, wall),
        *cautions,
        *_TO_FILL_IN,
    )
    return Section("Summary", blocks)


def _counted(summary: Any) -> str:
    """Return the number of movements behind the main rate, and the time in which they were counted."""
    rules = summary["rules"][summary["main_profile"]]
    if summary["tst_h"] is None:
        return f"{numbers.count(rules, 'n_plm')} PLM in {numbers.hours(summary['recording_h'])} recorded"
    tst = numbers.hours(summary["tst_h"])
    return f"{numbers.count(rules, 'n_plms')} PLMS in {tst} of {summary['sleep_name']}"


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
    shown = [row for row in rows if row[1] != f"{numbers.NONE}; {numbers.NONE}"]
    return Table(("", ""), tuple(shown), wide=1)


def _damage(session: Session, wall: WallTime) -> list[str]:
    """Describe the facts and signal that are missing because a file was damaged."""
    lines = []
    for fact in session.state.facts("damaged"):
        if fact.data.get("n") == 0:
            continue
        end_s = fact.data.get("end")
        span = "" if fact.t is None or end_s is None else f", {wall.text(fact.t)} to {wall.text(end_s)}"
        excluded = "; this time is in no denominator" if fact.data["what"] == "journal" else ""
        lines.append(f"DAMAGED {fact.data['what']}: {damage_words(fact.data)}{span}{excluded}.")
    return lines


def _cautions(summary: Any) -> list[str]:
    cautions = []
    if summary["tst_h"] is None:
        cautions.append(
            "no sleep stages: the PLMS index is undefined, and PLM in sleep and wake cannot be distinguished."
        )
    if summary["one_leg_only_h"] >= 0.05:
        cautions.append(f"for {summary['one_leg_only_h']:.2f} h only one leg could be scored.")
    key = "n_plms" if summary["tst_h"] is not None else "n_plm"
    main = summary["rules"][summary["main_profile"]]
    apart = main["detail"]
    more = wording.by_the_letter(main[key], apart["by_the_letter"][key], apart["lookalikes"])
    if more:
        what = "PLMS" if key == "n_plms" else "PLM"
        cautions.append(f"look-alikes are counted apart: {main[key]} {what}; {more}.")
    lost_h = summary["recording_h"] - summary["any_usable_h"]
    if lost_h >= 0.05:
        cautions.append(f"for {lost_h:.2f} h no leg could be scored; this time is in no denominator.")
    if summary["n_epochs_auto"]:
        cautions.append(_estimated(summary))
    return cautions


def _estimated(summary: Any) -> str:
    """Describe the share of estimated stages, their agreement with a person, and the values without them."""
    text = (
        f"{summary['estimated_share']:.0%} of the staged time "
        f"({wording.counted(summary['n_epochs_auto'], 'epoch')}) is an ESTIMATE from EEG by a program, "
        "not scored by a person"
    )
    agreed = summary["estimate_agreement"]
    if agreed is not None:
        same, n = agreed["share"], agreed["n_epochs"]
        text += f"; it agrees with a person on sleep or wake in {same:.0%} of {wording.counted(n, 'epoch')}"
    main = summary["without_estimate"][summary["main_profile"]]
    return f"{text}. Without the estimate: {main['plm_per_hour_recorded']:.1f} PLM per hour recorded."


def _tables(session: Session, wall: WallTime) -> list[Section]:
    summary = session.summary
    main = str(summary["main_profile"])
    by_time: list[Block] = [
        counts.time_parts(summary, "by_hour", "hour of the time in bed", wall),
        counts.time_parts(summary, "by_third", "third of the time in bed", wall),
        Text(f"By stage, {numbers.RULE_NAMES.get(main, main)}, time in bed:"),
        counts.by_stage(session),
    ]
    position = counts.by_position(session)
    by_time += [position] if position is not None else [Text("No body position was noted.")]
    split = counts.segments(summary, wall)
    wasm, low_s, high_s = _intervals(session)
    in_rem = uncertainty.rem_activity(summary)
    around = heart.blocks(session)
    return [
        Section("Both rule sets", tuple(counts.every_index(summary))),
        Section("How sure is this number?", tuple(uncertainty.blocks(session, wall))),
        *([Section("Look-alikes", tuple(alike))] if (alike := counts.lookalikes(summary)) else []),
        *([Section("Leg muscle activity in REM sleep", tuple(in_rem))] if in_rem else []),
        *([Section("Heart rate around leg movements", tuple(around))] if around else []),
        Section("By time, stage and position", tuple(by_time)),
        *([Section("Split night", _split(summary, split, wall))] if split is not None else []),
        Section("Intervals", (plots.imi_plot(wasm, low_s, high_s),)),
        Section(f"Series ({numbers.RULE_NAMES.get(main, main)})", (counts.series(summary, main, wall),)),
        Section("Sample trace", (sample_trace(session, wall),)),
        *_about_recording(session, wall),
        Section("What the numbers mean", tuple(Text(" ".join(text.split())) for text in _MEANING)),
        Section("How it was scored", _how(session)),
    ]


def _about_recording(session: Session, wall: WallTime) -> list[Section]:
    return [
        Section("Signal", (*history.gaps(session, wall), plots.resting_plot(session, wall))),
        Section("Bio-calibration", tuple(history.calibrations(session, wall))),
        Section("Technologist's log", (history.log(session, wall),)),
        Section("Alerts", tuple(history.alerts(session, wall))),
        Section("Technical events", (history.technical(session, wall),)),
        Section("Manual edits", tuple(counts.edits(session.summary))),
    ]


def _split(summary: Any, table: Table, wall: WallTime) -> tuple[Block, ...]:
    """Return the table of the parts, and their rates as a picture."""
    return table, plots.split_plot(summary, wall)


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
