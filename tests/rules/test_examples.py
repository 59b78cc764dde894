"""The worked examples of the design, wherever they state an expectation."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.building import lm, spans, us

from monitor.model.rules import PROFILES
from monitor.scoring import Epoch, Night, score

CASES = json.loads((Path(__file__).parent / "rules_examples.json").read_text(encoding="utf-8"))
FIELDS = {"clm": "n_clm", "plm": "n_plm", "nr": "n_plmsnr", "plms": "n_plms", "plmsa": "n_plms_arousal"}


def test_there_are_seventeen() -> None:
    assert len(CASES) == 17


@pytest.mark.parametrize("rules", PROFILES)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_example(case: dict, rules: str) -> None:
    expected = case[f"expect_{rules}"]
    if expected is None:
        return
    stages = enumerate(case["stages_30s"])
    night = Night(
        movements=tuple(lm(a, b, leg) for leg, a, b in case["movements"]),
        epochs=tuple(Epoch(us(30 * i), us(30 * i + 30), stage) for i, stage in stages),
        respiratory=spans(*case["respiratory"]),
        arousals=spans(*case["arousals"]),
        end_us=us(30 * len(case["stages_30s"])),
    )
    indices = score(night, PROFILES[rules]).indices
    assert {key: getattr(indices, FIELDS[key]) for key in expected} == expected
    if rules == "aasm3":
        assert indices.n_plm == indices.n_plms
