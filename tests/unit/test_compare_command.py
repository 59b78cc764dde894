"""``compare``: lists, scored folders and sessions against each other."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from support.realdata import REAL_DATA, needs
from support.recorded_sessions import record_night

from monitor.cli.compare import TOO_EARLY, compare
from monitor.cli.score_events import score_events
from monitor.model.config import load_config
from monitor.model.errors import InputError
from monitor.model.facts import Fact
from monitor.model.run_info import scored_with
from monitor.session.journal import Journal
from monitor.session.reader import read_session
from monitor.session.state import SessionState
from monitor.session.tables import write_tables
from monitor.session.wall_time import WallTime

_NIGHTS = REAL_DATA / "scored_nights"
STAGES = [(30 * i, 30, "N2") for i in range(40)]
SERIES = [(60 + 20 * i, 2, "LM_left") for i in range(8)]


def table(path: Path, rows) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = "".join(f"{onset}\t{duration}\t{kind}\n" for onset, duration, kind in rows)
    path.write_text("onset\tduration\ttrial_type\n" + text, encoding="utf-8")
    return path


def run(*args: object):
    result = CliRunner().invoke(compare, [str(arg) for arg in args])
    if isinstance(result.exception, InputError):
        raise result.exception
    assert result.exit_code == 0, result.stderr + repr(result.exception)
    return result


def document(*args: object) -> dict:
    return json.loads(run(*args, "--json").stdout)


def test_a_difference_that_is_rounded_to_nothing_has_no_sign(tmp_path) -> None:
    whole = table(tmp_path / "a.tsv", STAGES + SERIES)
    short = table(tmp_path / "b.tsv", [*STAGES[:-1], (1170, 29.9, "N2"), *SERIES])
    (night,) = document(whole, short)["nights"]
    said = run(whole, short).stdout
    assert -0.005 < night["rules"]["aasm3"]["plms_index"]["difference"] < 0
    assert "PLMS per hour of sleep" in said
    assert "-0.00" not in said


def test_a_list_and_the_folder_scored_from_it_agree_wholly(tmp_path) -> None:
    listed = table(tmp_path / "x_events.tsv", STAGES + SERIES)
    scored = tmp_path / "scored"
    assert CliRunner().invoke(score_events, [str(listed), "--out", str(scored)]).exit_code == 0
    (night,) = document(listed, scored)["nights"]
    for agreed in (night["legs"]["left"], night["legs"]["any"], night["plm"]):
        assert agreed["f1"] == 1.0
        assert agreed["n_matched"] == len(SERIES)
    assert night["legs"]["left"]["dice"] == 1.0
    assert night["epochs"]["kappa_movement"] == night["epochs"]["kappa_plm"] == 1.0
    assert night["epochs"]["kappa_stage"] is None
    assert "B: contains no stages" in night["why_null"]["epochs.kappa_stage"]
    for values in night["rules"].values():
        assert values["plms_index"]["difference"] == 0.0
        assert values["n_plms"] == {"a": 8, "b": 8, "difference": 0}


def test_recordings_of_different_length_are_said_to_be(tmp_path) -> None:
    scored = []
    for n in (40, 40, 43):
        rows = [(30 * i, 30, "N2") for i in range(n)] + SERIES
        listed, out = table(tmp_path / f"{len(scored)}.tsv", rows), tmp_path / f"scored-{len(scored)}"
        assert CliRunner().invoke(score_events, [str(listed), "--out", str(out)]).exit_code == 0
        scored.append(out)
    assert run(scored[0], scored[1]).stderr == ""
    said = run(scored[0], scored[2]).stderr
    assert "A ends at 0:20:00 and B at 0:21:30; what only one of them contains counts as" in said


def test_what_differs_is_counted_once_and_b_is_the_reference(tmp_path) -> None:
    stages = [*STAGES[:20], *((start, 30, "W") for start, _, _ in STAGES[20:])]
    a = table(tmp_path / "a.tsv", STAGES + SERIES)
    b = table(tmp_path / "b.tsv", stages + SERIES[:6] + [(60.5, 2, "LM_right")])
    (night,) = document(a, b)["nights"]
    left = night["legs"]["left"]
    assert (left["n_a"], left["n_b"], left["n_matched"]) == (8, 6, 6)
    assert (left["precision"], left["recall"]) == (0.75, 1.0)
    assert night["legs"]["right"]["f1"] == 0.0
    assert night["legs"]["any"]["n_matched"] == 6
    assert night["epochs"]["n_staged"] == 40
    assert night["epochs"]["kappa_stage"] == 0.0
    aasm = night["rules"]["aasm3"]["plms_index"]
    assert aasm["a"] == pytest.approx(24.0)
    assert aasm["b"] == pytest.approx(36.0)
    assert aasm["difference"] == pytest.approx(-12.0)


def test_a_list_is_as_long_as_the_night_it_is_compared_with(tmp_path) -> None:
    a = table(tmp_path / "a.tsv", [*SERIES, (3590, 10, "position")])
    b = table(tmp_path / "b.tsv", SERIES)
    (night,) = document(a, b)["nights"]
    assert night["rules"]["aasm3"]["plm_per_hour_recorded"] == {"a": 8.0, "b": 8.0, "difference": 0.0}


def test_a_session_and_its_tables_moved_elsewhere_agree_wholly(tmp_path) -> None:
    """The journal of a session is folded anew; a copy of its tables is read as they are."""
    config = load_config("default")
    facts = [
        Fact("session", 0.0, "t", {"legs": ["left"], "config": dict(config.document)} | scored_with(config))
    ]
    facts += [Fact("stage", float(at), "t", {"stage": kind, "duration_s": 30.0}) for at, _, kind in STAGES]
    for number, (onset, duration, _) in enumerate(SERIES):
        data = {
            "leg": "left",
            "id": f"m{number}",
            "phase": "closed",
            "onset": float(onset),
            "known": onset + 0.5,
        }
        facts.append(Fact("movement", float(onset), "detector", data | {"end": float(onset + duration)}))
    session = tmp_path / "session"
    session.mkdir()
    journal = Journal(session / "journal.jsonl")
    written = journal.append([*facts, Fact("stop", 1200.0, "t", {"reason": "test"})])
    journal.close()
    (tmp_path / "tables").mkdir()
    write_tables(tmp_path / "tables", SessionState.of(written), config.rules)
    (night,) = document(session, tmp_path / "tables")["nights"]
    assert night["legs"]["left"]["n_matched"] == len(SERIES)
    assert night["legs"]["left"]["dice"] == night["plm"]["f1"] == 1.0
    assert night["rules"]["aasm3"]["n_plms"] == {"a": 8, "b": 8, "difference": 0}
    assert document(session, session)["nights"][0]["epochs"]["kappa_sleep"] is None


def test_many_nights_are_paired_by_name_and_drawn(tmp_path) -> None:
    for k in range(4):
        rows = STAGES + SERIES
        table(tmp_path / "a" / f"n{k}.tsv", rows)
        table(tmp_path / "b" / f"n{k}_events.tsv", STAGES + SERIES[: 8 - k])
    table(tmp_path / "a" / "alone.tsv", STAGES)
    plot = tmp_path / "agreement.png"
    result = run(tmp_path / "a", tmp_path / "b", "--json", "--plot", plot)
    found = json.loads(result.stdout)
    assert "only in A, not compared: alone" in result.stderr
    assert [night["night"] for night in found["nights"]] == ["n0", "n1", "n2", "n3"]
    # 8 against 8, 7, 6, 5 movements in a third of an hour of sleep.
    assert found["bland_altman"]["aasm3"]["n_lm"]["bias"] == 1.5
    assert found["bland_altman"]["aasm3"]["plms_index"]["bias"] == pytest.approx(4.5)
    assert plot.read_bytes().startswith(b"\x89PNG")
    assert "bias    +4.50" in run(tmp_path / "a", tmp_path / "b").stdout


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("nothing",), "was not found"),
        (("empty",), "contains no scoring"),
        (
            ("a.tsv", "--label", "Kick=leg"),
            "--label: 'Kick=leg' is not valid; expected WORD=TYPE, TYPE one of",
        ),
        (("a.tsv", "--plot", "x.xyz"), "has no known extension"),
    ],
)
def test_what_cannot_be_compared_is_said_in_one_sentence(tmp_path, args, words) -> None:
    a = table(tmp_path / "a.tsv", SERIES)
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=words.replace("(", r"\(")):
        run(a, tmp_path / args[0], *args[1:])


def test_two_made_up_raters_in_words_of_their_own(tmp_path) -> None:
    """As the real ones below: marks in their own words, and some that are ignored."""
    first = [(20 * i, 3, "LeftLegPhasic") for i in range(10)] + [
        (5, 4, "RightLegAny"),
        (9, 1, "LeftLegArtifact"),
    ]
    second = [(20 * i + 1, 3, "LeftLegAny") for i in range(10)] + [(7, 4, "RightLegPhasic")]
    labels = [
        arg
        for leg in ("left", "right")
        for kind in ("Phasic", "Any")
        for arg in ("--label", f"{leg.capitalize()}Leg{kind}=LM_{leg}")
    ]
    result = run(table(tmp_path / "a.tsv", first), table(tmp_path / "b.tsv", second), *labels, "--json")
    assert "ignored 1 x 'LeftLegArtifact'" in result.stderr
    (night,) = json.loads(result.stdout)["nights"]
    # Of 3 s of each rater 2 s are common: 2 * 2 / (3 + 3); of 4 s on the right again 2 s.
    assert night["legs"]["left"]["dice"] == pytest.approx(2 / 3)
    assert night["legs"]["right"]["dice"] == pytest.approx(0.5)
    assert night["legs"]["left"]["n_matched"] == 10


@needs("scored_nights")
def test_the_marked_time_of_two_raters_overlaps_as_far_as_is_known_of_them() -> None:
    """Phasic and Any marks of a leg are marks of that leg; all else of theirs is ignored, and said."""
    words = [
        f"{leg.capitalize()}Leg{kind}=LM_{leg}" for leg in ("left", "right") for kind in ("Phasic", "Any")
    ]
    labels = [arg for word in words for arg in ("--label", word)]
    raters = [_NIGHTS / f"two_raters_leg_bursts_rater{n}.tsv" for n in (1, 2)]
    result = run(*raters, *labels, "--json")
    assert "ignored 4 x 'LeftLegArtifact'" in result.stderr
    (night,) = json.loads(result.stdout)["nights"]
    assert night["legs"]["left"]["dice"] == pytest.approx(0.63, abs=0.01)
    assert night["legs"]["right"]["dice"] == pytest.approx(0.67, abs=0.01)


def test_times_of_day_of_a_list_count_from_the_start_of_the_session(tmp_path) -> None:
    session = record_night(tmp_path / "2026-11-20T221500Z_bed-3", 120.0).path
    night = read_session(session).night
    began = WallTime.of(*(read_session(session).state.facts(kind) for kind in ("stream", "clock"))).at(0.0)
    rows = ["time;duration;event"]
    for movement in night.movements:
        at = began + timedelta(microseconds=movement.onset_us)
        length_s = (movement.end_us - movement.onset_us) / 1e6
        rows.append(f"{at:%H:%M:%S.%f};{length_s};LM {movement.leg}")
    listed = tmp_path / "scorer.csv"
    listed.write_text("\n".join(rows) + "\n")
    for pair in ((session, listed), (listed, session)):
        result = run(*pair, "--json")
        (compared,) = json.loads(result.stdout)["nights"]
        assert compared["legs"]["any"]["dice"] == 1.0
        assert "start of the recording is unknown" not in result.stderr


def test_a_rate_over_a_few_minutes_is_too_early_and_no_difference(tmp_path) -> None:
    """A rate over 4 min of sleep was printed and entered Bland-Altman analyses, unlike anywhere else."""
    short = [(30 * i, 30, "N2") for i in range(8)] + [(240, 30, "W")]
    a = table(tmp_path / "a" / "n1.tsv", short + SERIES[:5])
    b = table(tmp_path / "b" / "n1.tsv", STAGES + SERIES[:5])
    lines = run(a, b).stdout.splitlines()
    rates = [line for line in lines if line.startswith("PLMS per hour of sleep")]
    assert rates == [f"{'PLMS per hour of sleep':<38}  {TOO_EARLY}"] * 2
    assert [line.split()[1:] for line in lines if line.startswith("PLMS  ")] == [["5", "5", "0"]] * 2
    (night,) = document(a, b)["nights"]
    # A list is as long as the other scoring: its recording is not too short.
    assert night["too_early"]["aasm3"] == ["plms_arousal_index", "plms_index"]
    assert night["rules"]["aasm3"]["plms_index"]["a"] == pytest.approx(75.0)
    # Results of `score-events` state it too.
    scored = tmp_path / "scored"
    assert CliRunner().invoke(score_events, [str(a), "--out", str(scored)]).exit_code == 0
    assert TOO_EARLY in run(scored, b).stdout
    for i in range(2, 6):
        for folder, stages in (("a", STAGES), ("b", STAGES)):
            table(tmp_path / folder / f"n{i}.tsv", stages + SERIES[: 4 + i % 3])
    found = document(tmp_path / "a", tmp_path / "b")["bland_altman"]["aasm3"]
    assert (found["n_plms"]["n"], found["plms_index"]["n"], found["plms_index"]["bias"]) == (5, 4, 0.0)
