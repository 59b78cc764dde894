"""The configuration: everything wrong with a file at once, by field and value; every shipped file loads."""

import dataclasses

import pytest

from monitor.config import config_from, load_config, shipped
from monitor.errors import InputError


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


def test_there_are_the_four_that_are_promised():
    assert {name for name in shipped() if "/" not in name} == {"default", "child", "demo", "reference"}


def test_the_reference_says_the_defaults():
    assert load_config("reference").rules == load_config("default").rules
    assert load_config("reference").detector == load_config("default").detector


def test_a_child_has_another_reference_value_and_no_other_count():
    adult, child = load_config("default"), load_config("child")
    for name in adult.rules:
        assert (adult.rules[name].reference_per_h, child.rules[name].reference_per_h) == (15, 5)
        other = dataclasses.replace(child.rules[name], audience="adult")
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
        ("rules.aasm3.colour", "no such field"), ("detector.low_hz", "True"), ("surprise", "no such field"),
    ]:  # fmt: skip
        line = next((line for line in said.splitlines() if field in line), "")
        assert value in line, (field, said)


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
    with pytest.raises(InputError, match="cannot be read"):
        load_config(str(path))
    with pytest.raises(InputError, match="child, default, demo"):
        load_config("nowhere")


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
