"""Export a session as tables for a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

from monitor.outputs.exports.event_list import session_events
from monitor.scoring.tables import events_tsv, movements_tsv
from monitor.session.alerts import alert_history, seen
from monitor.session.reader import Session

_NONE = ""


def make_csvs(session: Session) -> dict[str, str]:
    """Return the tables by the suffix of their file name.

    Returns
    -------
    dict of str to str
        ``movements``, ``events_<rule set>``, ``timeline`` (all events, by onset), ``alerts`` and
        ``summary``.
    """
    made = {"movements": _from_tsv(movements_tsv(session.night))}
    made |= {f"events_{name}": _from_tsv(events_tsv(score)) for name, score in session.scores.items()}
    timeline = (
        (f"{e.onset_us / 1e6:.6f}", f"{e.duration_us / 1e6:.6f}", e.trial_type, e.leg, e.detail)
        for e in session_events(session, notes=True)
    )
    made["timeline"] = _table(("onset", "duration", "trial_type", "leg", "detail"), timeline)
    heads = ("onset", "duration", "priority", "legs", "alert", "acknowledged")
    made["alerts"] = _table(heads, _alerts(session))
    made["summary"] = _summary(session)
    return made


def _alerts(session: Session) -> Iterator[tuple[str, ...]]:
    end_s = session.night.end_us / 1e6
    for one in alert_history(session.state):
        if one.start_s < end_s:
            ack = seen(session.state, one)
            length_s, at = min(one.end_s, end_s) - one.start_s, _NONE if ack is None else f"{ack.t_s:.6f}"
            times = f"{one.start_s:.6f}", f"{length_s:.6f}"
            yield (*times, one.priority, " ".join(one.legs), one.text_without_age, at)


def _from_tsv(text: str) -> str:
    head, *rows = (line.split("\t") for line in text.splitlines())
    return _table(head, rows)


def _summary(session: Session) -> str:
    rules = session.summary["rules"]
    whole = [
        (key, *[_cell(value)] * len(rules))
        for key, value in session.summary.items()
        if not isinstance(value, (dict, list))
    ]
    each = list(rules.values())
    own = [
        (key, *(_cell(one[key]) for one in each))
        for key, value in each[0].items()
        if not isinstance(value, (dict, list))
    ]
    detail = [
        (key, *(_cell(one["detail"][key]) for one in each))
        for key, value in each[0]["detail"].items()
        if not isinstance(value, (dict, list))
    ]
    detail += [
        (f"{key}.{name}", *(_cell(one["detail"][key][name]) for one in each))
        for key in ("lookalikes", "by_the_letter")
        for name in each[0]["detail"][key]
    ]
    return _table(("key", *rules), [*whole, *own, *detail])


def _cell(value: object) -> str:
    return _NONE if value is None else str(value)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(head)
    # A spreadsheet would interpret such a cell as a formula.
    writer.writerows([f"'{c}" if c[:1] in ("=", "@") else c for c in row] for row in rows)
    return out.getvalue()
