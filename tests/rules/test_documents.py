"""summary.json, events.tsv, movements.tsv and the command that writes them."""

from __future__ import annotations

import dataclasses
import json
import stat
from pathlib import Path

import pytest
from click.testing import CliRunner
from support.building import lm, night, spans, train
from support.realdata import REAL_DATA, needs

from monitor.cli.score_events import score_events
from monitor.files.scored_lists import parse_list
from monitor.model.errors import InputError
from monitor.model.rules import AASM3, PROFILES, WASM2016
from monitor.scoring import Movement, Night, score
from monitor.scoring.summary import TABLE, summary
from monitor.scoring.tables import events_tsv, movements_tsv

NOX = REAL_DATA / "scored_nights" / "nox_night.tsv"

FACTS = night(
    [*train(100, 120, 140, 160), lm(167.2, 169.2, "right"), lm(300, 312), lm(400, 402, rejected="sat\tup")],
    respiratory=spans((140, 150)),
)


def summarise(facts: Night) -> dict:
    scores = {name: score(facts, profile) for name, profile in PROFILES.items()}
    document = summary(facts, scores, "aasm3", "0.1", "abc", "RMS 100 ms")
    return json.loads(json.dumps(document, allow_nan=False))


def test_summary_has_the_promised_keys() -> None:
    document = summarise(FACTS)
    assert {
        "version", "config_sha256", "main_profile", "recording_h", "tib_h", "tst_h", "wake_h",
        "one_leg_only_h",
        "usable_h", "rules", "why_null",
    } <= set(document)  # fmt: skip
    assert set(document["usable_h"]) == {"left", "right"}
    for name, profile in PROFILES.items():
        rules = document["rules"][name]
        assert set(TABLE) < set(rules)
        assert rules["profile"]["name"] == name
        assert rules["profile"]["imi_min_us"] == profile.imi_min_us
        assert rules["measure"] == "RMS 100 ms"
    assert document["rules"]["wasm2016"]["n_clm"] == 5
    assert document["tst_h"] == document["recording_h"] == pytest.approx(1 / 3)


@pytest.mark.parametrize("facts", [FACTS, dataclasses.replace(FACTS, epochs=()), Night()])
def test_every_null_says_why(facts: Night) -> None:
    document = summarise(facts)
    for level in (document, *document["rules"].values()):
        nulls = {key for key, value in {**level, **level.get("detail", {})}.items() if value is None}
        assert nulls == set(level["why_null"])
        assert all(level["why_null"].values())


def test_summary_refuses_a_main_profile_that_was_not_scored() -> None:
    with pytest.raises(ValueError, match="wasm2016"):
        summary(FACTS, {"aasm3": score(FACTS, AASM3)}, "wasm2016", "0", "", "")


def test_events_table() -> None:
    lines = events_tsv(score(FACTS, WASM2016)).splitlines()
    assert (
        lines[0]
        == "onset\tduration\tleg\tparts\tcandidate\tplm\tseries\timi\tstage\trespiratory\tarousal\treason"
    )
    assert lines[1] == "100.000000\t2.000000\tleft\t1\t1\t1\t1\tn/a\tN2\t0\t0\tn/a"
    assert lines[5] == (
        "167.200000\t2.000000\tright\t1\t1\t0\tn/a\t7.200000\tN2\t0\t0\t"
        "interval 7.2 s < 10.0 s ended series 1"
    )
    assert lines[6].endswith(
        "\t0\t0\tn/a\tn/a\tN2\t0\t0\t12.0 s: tonic activity, not a candidate, longer than 10.0 s"
    )
    assert lines[7].endswith("rejected: sat up")
    assert len(lines) == 8
    assert (
        events_tsv(score(dataclasses.replace(FACTS, epochs=()), AASM3)).splitlines()[1].split("\t")[8]
        == "n/a"
    )


def test_movements_table() -> None:
    facts = night(
        [
            Movement(1_000_000, 2_000_000, "right", peak_uv=30.0, resting_uv=1.5),
            Movement(2_400_000, 14_000_001, "right", peak_uv=41.25, resting_uv=2.0),
            lm(0.5, 0.9),
            lm(0.25, 1.5, "left"),
            lm(20, 22, rejected="no"),
            lm(30, 31, is_open=True),
            lm(25, 25.499999),
        ]
    )
    assert movements_tsv(facts).splitlines() == [
        "onset\tduration\tleg\tpeak_uv\tresting_uv",
        "0.250000\t1.250000\tleft\tn/a\tn/a",
        "1.000000\t13.000001\tright\t41.250\t1.500",
    ]


TSV = (
    "onset\tduration\ttrial_type\n0\t1800\tN2\n"
    + "".join(f"{t}\t2\tLM_left\n" for t in (100, 120, 140, 160))
    + "5\t1\tsnore\n"
)


def run(*args: str):
    return CliRunner().invoke(score_events, args, catch_exceptions=False)


def test_command_json_is_one_document_and_the_rest_goes_to_stderr(tmp_path: Path) -> None:
    tsv = tmp_path / "night.tsv"
    tsv.write_text(TSV, encoding="utf-8")
    result = run(str(tsv), "--json", "--rules", "wasm2016")
    document = json.loads(result.stdout)
    assert result.exit_code == 0
    assert document["main_profile"] == "wasm2016"
    assert [document["rules"][name]["n_plms"] for name in PROFILES] == [4, 4]
    assert document["rules"]["aasm3"]["plms_index"] == 8.0
    assert "1 x 'snore'" in result.stderr
    assert len(document["config_sha256"]) == 64


def test_command_writes_private_files(tmp_path: Path) -> None:
    tsv, out = tmp_path / "night.tsv", tmp_path / "deep" / "out"
    tsv.write_text(TSV, encoding="utf-8")
    for _ in range(2):
        result = run(str(tsv), "--out", str(out))
        assert result.exit_code == 0
    assert sorted(p.name for p in out.iterdir()) == ["events.tsv", "movements.tsv", "summary.json"]
    assert {stat.S_IMODE(p.stat().st_mode) for p in out.iterdir()} == {0o600}
    assert stat.S_IMODE(out.stat().st_mode) == 0o700
    facts, *_ = parse_list(TSV, "night.tsv")
    assert (out / "events.tsv").read_text(encoding="utf-8") == events_tsv(score(facts, AASM3))
    assert (out / "movements.tsv").read_text(encoding="utf-8") == movements_tsv(facts)


def test_command_keeps_the_list_that_it_reads(tmp_path: Path) -> None:
    own = tmp_path / "events.tsv"
    own.write_text("onset\tduration\ttrial_type\n0\t900\tN2\n40\t2\tLM_left\n")
    before = own.read_bytes()
    with pytest.raises(InputError, match=r"--out: .*events\.tsv is read, and would be replaced"):
        run(str(own), "--out", str(tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ["events.tsv"]
    assert own.read_bytes() == before


def test_command_says_that_a_list_has_no_movements(tmp_path: Path) -> None:
    listed = tmp_path / "stages.tsv"
    listed.write_text("onset\tduration\ttrial_type\n0\t900\tN2\n")
    assert "contains no leg movement" in run(str(listed)).stderr
    listed.write_text("onset\tduration\ttrial_type\n0\t900\tN2\n40\t2\tLM_left\n")
    assert "contains no leg movement" not in run(str(listed)).stderr


def test_command_says_honest_names(tmp_path: Path) -> None:
    tsv = tmp_path / "night.tsv"
    tsv.write_text(TSV, encoding="utf-8")
    said = run(str(tsv)).stdout
    assert "PLMS per hour of sleep" in said
    assert "reference value (adult), not a diagnosis: 15 PLMS per hour of sleep" in said
    tsv.write_text("onset\tduration\ttrial_type\n1\t2\tLM_left\n", encoding="utf-8")
    bare = run(str(tsv)).stdout
    assert "-: no stages yet" in bare
    assert "too early (n = 0)" in bare
    assert "too early for a rate: less than 10 minutes" in bare
    tsv.write_text(TSV.replace("1800", "599"), encoding="utf-8")
    (line,) = [line for line in run(str(tsv)).stdout.splitlines() if line.startswith("PLMS per hour")]
    assert line.count("too early (n = 4)") == 2
    tsv.write_text(TSV.replace("1800", "600"), encoding="utf-8")
    (line,) = [line for line in run(str(tsv)).stdout.splitlines() if line.startswith("PLMS per hour")]
    assert line.split()[-2:] == ["24.0", "24.0"]


def test_command_refuses_what_it_cannot_read(tmp_path: Path) -> None:
    for name, content, words in (
        ("missing.tsv", None, "cannot be read"),
        ("bytes.tsv", b"onset\n\xff\x00", "line 2: is not text"),
        ("row.tsv", b"onset\tduration\ttrial_type\n1\t-2\tLM_left\n", "line 2, column 'duration'"),
    ):
        if content is not None:
            (tmp_path / name).write_bytes(content)
        with pytest.raises(InputError, match=words):
            run(str(tmp_path / name))
    tsv = tmp_path / "night.tsv"
    tsv.write_text(TSV, encoding="utf-8")
    with pytest.raises(InputError, match="cannot be written"):
        run(str(tsv), "--out", str(tsv / "x"))


def test_a_made_up_night_like_the_real_one_has_one_series() -> None:
    rows = [(20 + 30 * i, 30, "W" if i % 5 == 0 else "N2") for i in range(200)]
    # Single movements farther apart than 90 s, and one series of four.
    rows += [(100 + 200 * i, 2, "leg_movement") for i in range(10)]
    rows += [(at, 2, "leg_movement") for at in (2155, 2155 + 89, 2155 + 104, 2155 + 122)]
    rows += [
        (4400, 15, "hypopnea"),
        (4414, 2, "leg_movement"),
        (3000, 20, "desaturation"),
        (0, 0, "analysis_start"),
    ]
    text = "onset\tduration\ttrial_type\n" + "".join(f"{a}\t{b}\t{c}\n" for a, b, c in rows)
    facts, ignored, _ = parse_list(text, "made-up.tsv")
    assert ignored == {"analysis_start": 1, "desaturation": 1}
    plain = dataclasses.replace(AASM3, respiratory="ignore", stages_not_scored=frozenset())
    asleep = sum(c == "N2" for *_, c in rows)
    for profile, n_lm in ((plain, 15), (WASM2016, 15)):
        found = score(facts, profile)
        (series,) = found.series
        assert (series.n, series.onset_us) == (4, 2_155_000_000)
        imis = [one.imi_us for one in found.lms if one.plm]
        assert imis == [255_000_000, 89_000_000, 15_000_000, 18_000_000]
        assert found.indices.n_lm == n_lm
        assert found.denominators.tst_us == asleep * 30_000_000


@needs("scored_nights")
def test_a_real_scored_night_has_the_one_series_its_laboratory_marked() -> None:
    facts, ignored, _ = parse_list(NOX.read_text(encoding="utf-8"), NOX.name)
    assert ignored == {"analysis_start": 1, "desaturation": 191, "plm_series": 1}
    assert len(facts.movements) == 29
    plain = dataclasses.replace(AASM3, respiratory="ignore")
    for profile, n_lm in ((plain, 29), (AASM3, 27), (WASM2016, 29)):
        found = score(facts, profile)
        (series,) = found.series
        assert (series.n, series.onset_us) == (4, 2_155_000_000)
        assert [one.imi_us for one in found.lms if one.plm] == [None, 89_000_000, 15_000_000, 18_000_000]
        assert found.indices.n_lm == n_lm
        # 679 epochs of sleep: the 22 artifacts of the list shorten nothing.
        assert found.denominators.tst_us == 679 * 30_000_000
