"""The nights of one study code: constructed cases to the last value, and the command on real folders."""

import json
import math

import pytest
from click.testing import CliRunner

from monitor.cli.score_events import score_events
from monitor.cli.trend import trend as command
from monitor.compare.trend import TrendNight, night_of, study_of, trend
from monitor.model.config import load_config
from monitor.model.errors import InputError
from monitor.model.facts import Fact
from monitor.scoring.uncertainty.several_nights import several_nights
from monitor.session.journal import Journal

# Student's t, 97.5 % and cumulative, from tables.
T_975 = {2: 4.302653, 3: 3.182446, 4: 2.776445}


def test_three_nights_to_the_last_value():
    found = several_nights([10.0, 14.0, 21.0], 12.0)
    assert (found.n, found.mean) == (3, 15.0)
    assert found.sd == math.sqrt((25 + 1 + 36) / 2)
    error = found.sd / math.sqrt(3)
    assert found.low == pytest.approx(15 - T_975[2] * error, rel=1e-6)
    assert found.high == pytest.approx(15 + T_975[2] * error, rel=1e-6)
    assert found.change_single == pytest.approx(T_975[2] * math.sqrt(2) * found.sd, rel=1e-6)
    assert found.change_mean == pytest.approx(found.change_single / math.sqrt(3))
    # With two degrees of freedom the distribution is known in closed form.
    t = (15 - 12) / error
    assert found.chance_above == pytest.approx(0.5 + t / (2 * math.sqrt(2 + t * t)))


@pytest.mark.parametrize(("reference", "chance"), [(4.0, 1.0), (5.0, 0.5), (6.0, 0.0), (None, None)])
def test_equal_nights_have_no_error(reference, chance):
    found = several_nights([5.0] * 4, reference)
    assert (found.sd, found.change_single, found.low, found.high) == (0.0, 0.0, 5.0, 5.0)
    assert found.chance_above == chance


def test_no_trend_under_three_nights():
    assert several_nights([]) == "0 nights: 3 are needed"
    assert several_nights([1.0]) == "1 night: 3 are needed"
    assert several_nights([1.0, 2.0]) == "2 nights: 3 are needed"


def of(index, recorded=20.0, ln=3.2, pi=0.8):
    return TrendNight("n", index, recorded, ln, pi, 15.0)


def test_a_night_without_stages_is_in_no_mean_of_staged_ones():
    found = trend("S", [of(10.0), of(None), of(20.0), of(30.0)], "aasm3")
    assert (found["of"], found["means"]["plms_index"]["n"], found["means"]["plms_index"]["mean"]) == (
        "plms_index", 3, 20.0,
    )  # fmt: skip
    assert found["means"]["imi_ln_mean"]["n"] == 4
    assert found["why_null"] == {}
    bare = trend("S", [of(None, 9.0), of(None, 10.0), of(None, 11.0, ln=None)], "aasm3")
    assert bare["means"]["plm_per_hour_recorded"]["mean"] == 10.0
    assert "chance_above" not in bare["means"]["plm_per_hour_recorded"]
    assert bare["reference_per_h"] is None
    assert bare["means"]["imi_ln_mean"] is None
    assert bare["why_null"] == {
        "reference_per_h": "without stages there is no PLMS index",
        "imi_ln_mean": "2 nights: 3 are needed",
    }


def record(folder, study, n_movements, *, hours=1.0, is_ended=True):
    """Write a session with movements each 30 s from 100 s on, asleep all the time."""
    folder.mkdir(parents=True)
    config = load_config()
    about = {"version": "0", "bed": "b", "study": study, "legs": ["left"], "main_profile": "aasm3"}
    about |= {"measure": "m", "config": dict(config.document), "config_sha256": config.sha256}
    facts = [Fact("session", 0.0, "recorder", about)]
    data = {"leg": "left", "state": "ok", "causes": [], "rest_uv": 1.0, "lsb_uv": 0.1}
    facts.append(Fact("quality", 0.0, "detector", data))
    facts += [
        Fact("stage", 30.0 * i, "Stager", {"stage": "N2", "start": 30.0 * i, "duration_s": 30.0})
        for i in range(round(hours * 120))
    ]
    for i in range(n_movements):
        onset = 100.0 + 30 * i
        data = {"leg": "left", "id": f"L{i}", "onset": onset, "end": onset + 2, "phase": "closed"}
        data |= {"known": onset + 2.5, "resting_uv": 1.0, "peak_uv": 50.0, "morphology": True}
        facts.append(Fact("movement", onset, "detector", data))
    if is_ended:
        facts.append(Fact("stop", hours * 3600, "recorder", {"reason": "end"}))
    journal = Journal(folder / "journal.jsonl")
    journal.append(facts)
    journal.close()


@pytest.fixture
def sessions(tmp_path):
    for day, n in enumerate((10, 14, 21), start=1):
        record(tmp_path / "sessions" / f"2026-11-0{day}T220000Z_bed-1", "S-1", n)
    record(tmp_path / "sessions" / "2026-11-04T220000Z_bed-1", "S-2", 30)
    record(tmp_path / "sessions" / "2026-11-05T220000Z_bed-1", "S-1", 30, is_ended=False)
    return tmp_path / "sessions"


def run(*arguments):
    return CliRunner().invoke(command, [*map(str, arguments)], catch_exceptions=False)


def test_the_command_takes_the_finished_nights_of_the_study(sessions):
    done = run("S-1", "--sessions", sessions, "--json")
    assert "2026-11-05T220000Z_bed-1: the recording has not ended; left out" in done.stderr
    found = json.loads(done.stdout)
    assert [night["plms_index"] for night in found["nights"]] == [10.0, 14.0, 21.0]
    assert [night["name"][:10] for night in found["nights"]] == ["2026-11-01", "2026-11-02", "2026-11-03"]
    assert found["means"]["plms_index"]["mean"] == 15.0
    assert found["means"]["plms_index"]["chance_above"] == 0.5
    assert found["means"]["imi_ln_mean"]["mean"] == pytest.approx(math.log(30))
    assert found["means"]["imi_ln_mean"]["sd"] == pytest.approx(0.0, abs=1e-12)
    text = run("S-1", "--sessions", sessions).stdout
    assert "chance that the mean lies above the reference value (15 per hour): 50%" in text
    assert text.rstrip().endswith("Provisional, for information only.")
    assert "-: no value" not in text


def test_a_folder_of_sessions_that_does_not_exist_is_named(sessions):
    done = CliRunner().invoke(command, ["S-1", "--sessions", str(sessions / "misspelt")])
    assert isinstance(done.exception, InputError)
    assert f"{sessions / 'misspelt'} does not exist" in str(done.exception)


def test_a_session_that_cannot_be_read_is_left_out_and_named(sessions):
    broken = sessions / "2026-11-06T220000Z_bed-1"
    record(broken, "S-1", 5)
    text = (broken / "journal.jsonl").read_text().replace('"imi_max_us":90000000', '"imi_max_us":-1', 1)
    assert '"imi_max_us":-1' in text
    (broken / "journal.jsonl").write_text(text)
    done = run("S-1", "--sessions", sessions, "--json")
    assert "2026-11-06T220000Z_bed-1" in done.stderr
    assert "left out" in done.stderr
    assert len(json.loads(done.stdout)["nights"]) == 3


def test_scored_folders_are_nights_too(sessions, tmp_path):
    rows = "onset\tduration\ttrial_type\n0\t3600\tN2\n" + "".join(
        f"{100 + 30 * i}\t2\tLM_left\n" for i in range(40)
    )
    (tmp_path / "list.tsv").write_text(rows)
    out = tmp_path / "out" / "night-9"
    CliRunner().invoke(score_events, [str(tmp_path / "list.tsv"), "--out", str(out)], catch_exceptions=False)
    found = json.loads(run("S-1", "--sessions", sessions, "--scored", out.parent, "--json").stdout)
    assert [night["plms_index"] for night in found["nights"]] == [10.0, 14.0, 21.0, 40.0]
    alone = json.loads(run("S-1", "--scored", out, "--json").stdout)
    assert alone["means"] == {"plms_index": None, "imi_ln_mean": None, "pi_imi": None}
    assert alone["why_null"]["plms_index"] == "1 night: 3 are needed"
    assert "no mean of PLMS per hour of sleep (1 night: 3 are needed)" in run("S-1", "--scored", out).stdout
    short = tmp_path / "short.tsv"
    short.write_text("onset\tduration\ttrial_type\n0\t300\tN2\n100\t2\tLM_left\n")
    CliRunner().invoke(score_events, [str(short), "--out", str(tmp_path / "short")], catch_exceptions=False)
    assert "\n-: no value: less than 10 minutes" in run("S-1", "--scored", tmp_path / "short").stdout


def test_what_it_cannot_use_is_refused(sessions, tmp_path):
    with pytest.raises(InputError, match="no finished session has the study code 'S-9' in "):
        run("S-9", "--sessions", sessions)
    with pytest.raises(InputError, match="STUDY: is empty"):
        run(" ", "--sessions", sessions)
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=r"contains no summary\.json"):
        run("S-1", "--scored", tmp_path / "empty")
    (tmp_path / "empty" / "summary.json").write_text("{}")
    with pytest.raises(InputError, match="is not a summary of a recording"):
        run("S-1", "--scored", tmp_path / "empty")


def test_the_study_code_is_read_from_the_first_lines(tmp_path):
    record(tmp_path / "a", "S-7", 4)
    journal = tmp_path / "a" / "journal.jsonl"
    assert study_of(journal) == "S-7"
    journal.write_bytes(b"\xff\n[1]\n" + journal.read_bytes())
    assert study_of(journal) == "S-7"
    assert study_of(tmp_path / "b" / "journal.jsonl") is None
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "journal.jsonl").write_text("{}\n")
    assert study_of(tmp_path / "c" / "journal.jsonl") is None


def test_periodicity_is_stated_from_ten_candidates_per_hour_on(sessions):
    folder = next(sessions.glob("2026-11-01*"))
    rules = {
        "plms_index": 12.0, "plm_per_hour_recorded": 11.0, "imi_ln_mean": 3.0, "pi_imi": 0.5,
        "clms_index": 9.9, "n_clm": 50,
        "detail": {"too_early": ["plm_per_hour_recorded"], "reference_per_h": 15.0},
    }  # fmt: skip
    summary = {"rules": {"aasm3": rules, "wasm2016": rules}, "recording_h": 4.0}
    night = night_of(folder.name, summary, "aasm3", "x")
    assert (night.pi_imi, night.plms_index, night.plm_per_hour_recorded) == (None, 12.0, None)
    rules["clms_index"] = None
    assert night_of(folder.name, summary, "aasm3", "x").pi_imi == 0.5
