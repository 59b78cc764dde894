"""`configs/reference.toml` promises every field with its default: hold it to that."""

import tomllib

from monitor.model.config import load_config, shipped


def test_reference_states_every_default():
    assert load_config("reference").document == load_config("default").document


def test_reference_names_every_field():
    text = shipped()["reference"].read_text()
    written = tomllib.loads(text)
    for section, fields in load_config("default").document.items():
        for field, value in fields.items():
            if isinstance(value, dict):
                continue
            assert field in written[section] or f"\n# {field} = " in text, f"{section}.{field}"
    for profile in ("aasm3", "wasm2016"):
        for field, value in load_config("default").document["rules"][profile].items():
            assert value is None or written["rules"][profile][field] == value, f"{profile}.{field}"
