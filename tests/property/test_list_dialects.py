"""The same list in any dialect of a table gives the same night."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from monitor.files.scored_lists import parse_list
from monitor.scoring import Night

STAGES = ("W", "N1", "N2", "N3", "R")
NAMES = {
    "onset": ("onset", "Start", "start time (s)", "Begin", "TIME"),
    "duration": ("duration", "Duration[s]", "length", "Dauer"),
    "end": ("end", "Stop", "end time"),
    "label": ("trial_type", "Description", "event", "Annotation", "label", "Type"),
}

milliseconds = st.integers(0, 3_000_000)
events = st.lists(
    st.tuples(
        milliseconds,
        st.integers(1, 20_000),
        st.sampled_from(("LM_left", "LM_right", "leg movement", "arousal", "Hypopnoea", "central apnea")),
    ),
    max_size=15,
)
stages = st.lists(st.sampled_from(STAGES), min_size=1, max_size=20)


def bare(night: Night) -> Night:
    parts = {
        name: tuple(sorted(getattr(night, name), key=repr))
        for name in ("epochs", "respiratory", "arousals", "artifacts")
    }
    movements = sorted((replace(m, key="") for m in night.movements), key=repr)
    return replace(night, movements=tuple(movements), **parts)


def seconds(ms: int, sign: str) -> str:
    return f"{ms // 1000}{sign}{ms % 1000:03}"


@given(events=events, stages=stages, data=st.data())
def test_a_list_in_any_dialect_gives_the_same_night(events, stages, data) -> None:
    rows = [(30_000 * i, 30_000, stage) for i, stage in enumerate(stages)] + events
    plain = "onset\tduration\ttrial_type\n" + "".join(
        f"{seconds(a, '.')}\t{seconds(b, '.')}\t{c}\n" for a, b, c in rows
    )
    delimiter = data.draw(st.sampled_from("\t;,|"), "delimiter")
    sign = data.draw(st.sampled_from(".,"), "decimal sign")
    length = data.draw(st.sampled_from(("duration", "end")), "length by")
    columns = data.draw(st.permutations(("onset", length, "label", "note")), "columns")
    heads = [data.draw(st.sampled_from(NAMES[c])) if c in NAMES else "remark" for c in columns]
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator=data.draw(st.sampled_from(("\n", "\r\n"))))
    writer.writerow(heads)
    for a, b, c in data.draw(st.permutations(rows), "rows"):
        cells = {"onset": a, "duration": b, "end": a + b}
        writer.writerow(
            [seconds(cells[k], sign) if k in cells else c if k == "label" else "ü" for k in columns]
        )
    text = out.getvalue() + data.draw(st.sampled_from(("", "\n", "\r\n\r\n")), "end of the file")
    encoding = data.draw(st.sampled_from(("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252")), "encoding")
    read = parse_list(text.encode(encoding), "list.txt")
    ours = parse_list(plain, "plain.tsv")
    assert bare(read.night) == bare(ours.night)
    assert read.ignored == ours.ignored
