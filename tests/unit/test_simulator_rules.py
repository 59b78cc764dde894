"""What both rule sets make of the simulator's truth."""

import pytest

from monitor.files.scored_lists import parse_list
from monitor.model.rules import PROFILES
from monitor.scoring import score
from monitor.simulator.file_output import write_truth
from monitor.simulator.schedule import Schedule


@pytest.mark.parametrize("seed", range(60))
def test_seventy_seconds_of_the_demonstration_are_a_series_to_both_rule_sets(tmp_path, seed):
    # Only the two epochs that are over by then are scored.
    path = tmp_path / "truth.tsv"
    write_truth(path, Schedule(seed, "demo", 70.0).truth(70.0))
    night, ignored, _ = parse_list(path.read_text(encoding="utf-8"), path.name)
    assert not ignored
    assert all(score(night, profile).indices.n_plms >= 4 for profile in PROFILES.values())
