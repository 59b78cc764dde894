"""The configuration: everything wrong with a file at once, by field and value; every shipped file loads."""

import dataclasses
import json
import shutil
import sys

import pytest
from click.testing import CliRunner

from monitor.cli import cli
from monitor.cli.config import json_schema
from monitor.model.config import config_from, load_config, planned_h_from, shipped
from monitor.model.config_process import begin_reading
from monitor.model.errors import InputError


def broken(tmp_path, text):
    path = tmp_path / "c.toml"
    path.write_text(text)
    with pytest.raises(InputError) as error:
        load_config(str(path))
    assert error.value.exit_code == 2
    assert str(path) in str(error.value)
    return str(error.value)


@pytest.mark.parametrize("name", sorted(shipped()))
def test_every_shipped_one_loads(name):
    config = load_config(name)
    assert config.main_profile == "aasm3"
    assert set(config.rules) == {"aasm3", "wasm2016"}


def test_another_process_reads_the_same_and_reports_the_same_errors(tmp_path):
    path, given = tmp_path / "c.toml", {"legs": {"left": "#1", "right": None}}
    path.write_text("[detector]\nlow_hz = true\n")
    read, refused = begin_reading("child", given), begin_reading(str(path))
    assert read() == load_config("child", given)
    with pytest.raises(InputError) as error:
        refused()
    assert str(error.value) == broken(tmp_path, path.read_text())


@pytest.mark.parametrize("program", [shutil.which("false"), "/no/such/program"])
def test_a_process_that_fails_or_cannot_be_started_is_replaced_by_reading_here(program, monkeypatch):
    monkeypatch.setattr(sys, "executable", program)
    assert begin_reading("child")() == load_config("child")


@pytest.mark.parametrize(
    ("section", "hours"),
    [
        ({"planned_h": 9}, 9.0),
        ({"planned_h": 9.5, "eeg": "C3"}, 9.5),
        ({"planned_h": 9.5, "eeg": 3}, 8.0),
        ({"planned_h": 9.5, "colour": "red"}, 8.0),
        *(({"planned_h": value}, 8.0) for value in ("9", True, None, 17, 10**400, float("nan"))),
        ("9", 8.0),
        ({}, 8.0),
    ],
)
def test_a_section_of_a_recorded_session_counts_as_a_whole_or_not_at_all(section, hours):
    assert planned_h_from({"config": {"staging": section}}) == hours


def test_there_are_the_four_that_are_promised():
    assert {name for name in shipped() if "/" not in name} == {"default", "child", "demo", "reference"}


def test_the_reference_says_the_defaults():
    assert load_config("reference").rules == load_config("default").rules
    assert load_config("reference").detector == load_config("default").detector


def test_a_child_has_another_reference_value_and_no_other_count_of_leg_movements():
    adult, child = load_config("default"), load_config("child")
    for name in adult.rules:
        assert (adult.rules[name].reference_per_h, child.rules[name].reference_per_h) == (15, 5)
        assert child.rules[name].lmm_max_us == 30_000_000
        other = dataclasses.replace(child.rules[name], audience="adult", lmm_max_us=45_000_000)
        assert other == adult.rules[name]


def test_every_error_is_told_at_once_with_field_and_value(tmp_path):
    said = broken(
        tmp_path,
        """
        [rules]
        main_profile = "aasm2"
        [rules.aasm3]
        onset_uv = "eight"
        colour = "red"
        [detector]
        low_hz = true
        [legs]
        unit = "bananas"
        [surprise]
        x = 1
        """,
    )
    for field, value in [
        ("rules.main_profile", "'aasm2'"), ("rules.aasm3.onset_uv", "'eight'"), ("legs.unit", "'bananas'"),
        ("rules.aasm3.colour", "unknown field"), ("detector.low_hz", "True"), ("surprise", "unknown field"),
    ]:  # fmt: skip
        line = next((line for line in said.splitlines() if field in line), "")
        assert value in line, (field, said)


def test_every_error_names_its_line(tmp_path):
    said = broken(
        tmp_path,
        """# a remark with x = 1 in it
[rules]
main_profile = "aasm2"

[rules.aasm3]   # the other
onset_uv = "eight"
imi_min_us = 95_000_000
series_min_n = 1
'max_lm_us' = -1

[detector]
low_hz = 400.0
gap_s = 0.0
legs.unit = 3
[surprise]
""",
    )
    found = {line.split(":")[0].strip(): line for line in said.splitlines()}
    for number, field in [
        (3, "rules.main_profile"), (6, "rules.aasm3.onset_uv"), (7, "rules.aasm3.imi_min_us"),
        (8, "rules.aasm3.series_min_n"),
        (9, "rules.aasm3.max_lm_us"), (12, "detector.low_hz"), (13, "detector.gap_s"),
        (14, "detector.legs"), (15, "surprise"),
    ]:  # fmt: skip
        assert field in found.get(f"line {number}", ""), (number, field, said)


def test_the_schema_knows_every_field_with_its_meaning():
    schema = json_schema()
    described = []

    def walk(node, document):
        for key, value in document.items():
            field = node["properties"][key]
            if isinstance(value, dict) and key not in ("synonyms", "channels"):
                inner = field["$ref"].rpartition("/")[2]
                assert schema["$defs"][inner]["additionalProperties"] is False
                walk(schema["$defs"][inner], value)
            else:
                described.append((key, "description" in field))

    document = dict(load_config("default").document)
    document.pop("limbs", None)
    walk(schema, document)
    assert len(described) > 60
    # Those that share a remark with the one above have none of their own.
    assert sum(has for _, has in described) > 0.8 * len(described)


def test_the_command_lists_what_comes_along_and_prints_the_schema():
    listed = CliRunner().invoke(cli, ["config", "list"])
    assert [line.split()[0] for line in listed.stdout.splitlines()] == list(shipped())
    printed = CliRunner().invoke(cli, ["config", "schema"])
    assert json.loads(printed.stdout) == json_schema()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[legs]\nunit = "bananas"', ["legs.unit", "'bananas'"]),
        ('[legs]\nunit = "0 uV"', ["legs.unit", "'0 uV'"]),
        ('[legs]\nleft = "A"\nright = "A"', ["legs.left", "'A'", "two"]),
        ("[rules.aasm3]\nmin_imi_us = 95000000", ["rules.aasm3", "min_imi_us"]),
        ("[detector]\nlow_hz = 400.0", ["detector", "low_hz"]),
        ("[detector]\nlow_hz = nan", ["detector", "low_hz"]),
        ("[rules.aasm3]\nonset_uv = -8.0", ["rules.aasm3", "onset_uv"]),
        ('[rules.aasm3]\nonset_uv = "8"', ["rules.aasm3.onset_uv", "'8'"]),
        ("rules = 3", ["rules"]),
        ("[detector]\nmains_hz = [50, 'x']", ["detector.mains_hz", "'x'"]),
        ("[rules]\naudience = 1979-05-27", ["rules.audience", "1979"]),
        ("not toml", ["TOML"]),
    ],
)
def test_contradictions_and_damage_are_refused(tmp_path, text, words):
    said = broken(tmp_path, text)
    for word in words:
        assert word in said


def test_a_file_that_is_no_text_or_not_there(tmp_path):
    path = tmp_path / "c.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="line 1: is not text in UTF-8"):
        load_config(str(path))
    with pytest.raises(InputError, match="child, default, demo"):
        load_config("nowhere")


def _numbers(sections, name=""):
    for key, value in sections.items():
        if isinstance(value, dict):
            yield from _numbers(value, f"{name}.{key}" if name else key)
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            yield name, key


@pytest.mark.parametrize(("section", "field"), list(_numbers(load_config("default").document)))
def test_no_number_is_taken_that_cannot_be_calculated_with(tmp_path, section, field):
    for value in ("nan", "inf", "-inf", "1e300", "99999999999999999999", "-99999999999999999999", "-1"):
        assert f"line 2: {section}.{field} = " in broken(tmp_path, f"[{section}]\n{field} = {value}\n")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[rules.aasm3]\nstages_not_scored = ['Wake']", "rules.aasm3.stages_not_scored.0 = 'Wake'"),
        ("[rules.aasm3]\nmin_lm_us = 6000000", "line 2: rules.aasm3.min_lm_us = 6000000: expected 0 to 5 s"),
        ("[rules.aasm3]\noffset_hold_us = 1", "line 2: rules.aasm3.offset_hold_us = 1: expected 0.1 to 5 s"),
        ("[rules]\nmain_profile = 'aasm'", "line 2: rules.main_profile = 'aasm': input should be 'aasm3' or"),
        (
            "[limbs]\n'Left Arm' = 'ARM'",
            "limbs.Left Arm: expected a name of lower-case letters, digits and _",
        ),
        ("[detector]\nmains_hz = [50.0, -60.0]", "detector.mains_hz = (50.0, -60.0): expected frequencies"),
        (
            "[detector]\nmains_harmonics_n = 1000000000",
            "detector.mains_harmonics_n = 1000000000: expected 0 to",
        ),
    ],
)
def test_a_value_that_would_change_the_scoring_unseen_or_stop_it_is_refused(tmp_path, text, words):
    assert words in broken(tmp_path, text)


def test_a_contradiction_is_told_once(tmp_path):
    assert broken(tmp_path, "[rules.aasm3]\nimi_max_us = 1").count("imi_min_us =") == 1


def test_a_session_recorded_with_a_word_that_is_no_stage_is_read():
    recorded = {"rules": {"aasm3": {"stages_not_scored": ["W", "Wake"]}}}
    assert config_from(recorded, "journal").rules["aasm3"].stages_not_scored == {"W"}


def test_a_file_of_an_editor_of_windows_is_read(tmp_path):
    path = tmp_path / "c.toml"
    path.write_bytes('\ufeff[legs]\r\nleft = "Bein müde"\r\n'.encode())
    assert load_config(str(path)).wish.channels["left"] == "Bein müde"
    path.write_bytes('[legs]\nleft = "müde"\n'.encode("latin-1"))
    with pytest.raises(InputError, match="line 2: is not text in UTF-8; save the file as UTF-8"):
        load_config(str(path))


def test_the_command_line_comes_before_the_file(tmp_path):
    path = tmp_path / "c.toml"
    path.write_text('[legs]\nleft = "A"\nright = "B"\n')
    config = load_config(
        str(path), {"legs": {"left": "X", "right": "", "unit": None}, "rules": {"main_profile": "wasm2016"}}
    )
    assert dict(config.wish.channels) == {"left": "X", "right": ""}
    assert config.main_profile == "wasm2016"


def test_the_hash_is_of_the_values_and_a_journal_gives_them_back(tmp_path):
    path = tmp_path / "c.toml"
    path.write_text("# nothing\n[rules]\nmain_profile = 'aasm3'\n")
    default = load_config("default")
    assert load_config(str(path)).sha256 == default.sha256
    assert config_from(default.document, "journal") == default
    assert default.with_main_profile("wasm2016").sha256 != default.sha256
    with pytest.raises(InputError, match="aasm9"):
        default.with_main_profile("aasm9")
