"""The JSON schema of a configuration file, for editors that complete and check TOML."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from monitor.config import shipped
from monitor.config_fields import bare_schema
from monitor.config_places import remarks_on_fields


def json_schema() -> dict[str, Any]:
    """Return the JSON schema of a configuration file; what the fields mean is taken from the reference."""
    schema = bare_schema()
    remarks = remarks_on_fields(shipped()["reference"].read_text(encoding="utf-8"))
    _describe(schema, schema, "", remarks)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "PLMS Monitor"}


def _describe(schema: dict[str, Any], node: dict[str, Any], name: str, remarks: Mapping[str, str]) -> None:
    for key, field in node.get("properties", {}).items():
        dotted = f"{name}.{key}" if name else key
        # The WASM section repeats the fields of the AASM one, and the reference explains them once.
        said = remarks.get(dotted) or remarks.get(dotted.replace("rules.wasm2016.", "rules.aasm3."))
        if said:
            field["description"] = said
        inner = field.get("$ref", "").rpartition("/")[2]
        if inner:
            _describe(schema, schema["$defs"][inner], dotted, remarks)
