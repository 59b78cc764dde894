"""What score and summary say of stages that were estimated, and of how far a person agrees with them."""

import json

import pytest

from monitor.model.facts import Fact
from monitor.model.rules import PROFILES
from monitor.scoring import score
from monitor.scoring.inputs import Epoch, Movement, Night
from monitor.scoring.summary import summary
from monitor.session.stages import agreement

MIN = 60_000_000
EPOCH = 30_000_000


def night(*runs):
    """Put a night together from (number of epochs, stage, source), with a movement every 20 s."""
    epochs, at = [], 0
    for n, stage, source in runs:
        epochs += [Epoch((at + i) * EPOCH, (at + i + 1) * EPOCH, stage, source) for i in range(n)]
        at += n
    moves = [Movement(t, t + 1_000_000, "left", str(t)) for t in range(5_000_000, at * EPOCH, 20_000_000)]
    return Night(movements=tuple(moves), epochs=tuple(epochs), end_us=at * EPOCH)


def told(of):
    scores = {name: score(of, profile) for name, profile in PROFILES.items()}
    return json.loads(json.dumps(summary(of, scores, "aasm3", "0", "x", "m"), allow_nan=False))


@pytest.mark.parametrize(
    ("runs", "stages", "n_auto", "share", "name"),
    [
        ([(60, "N2", "auto"), (60, "W", "auto")], "auto", 120, 1.0, "ESTIMATED sleep"),
        ([(60, "N2", "auto"), (60, "W", "person")], "mixed", 60, 0.5, "partly ESTIMATED sleep"),
        ([(60, "N2", "Stager"), (60, "N2", "auto"), (60, "unscored", "auto")], "mixed", 60, 0.5,
         "partly ESTIMATED sleep"),
        ([(60, "N2", "Stager"), (60, "W", "person")], "mixed", 0, 0.0, "sleep"),
        ([(60, "N2", "person:N")], "person", 0, 0.0, "sleep"),
        ([(60, "N2", "")], "stream", 0, 0.0, "sleep"),
        ([(60, "unscored", "auto")], None, 0, 0.0, "sleep"),
    ],
)  # fmt: skip
def test_who_staged_is_said(runs, stages, n_auto, share, name):
    of = night(*runs)
    found = told(of)
    assert (found["stages"], found["n_epochs_auto"]) == (stages, n_auto)
    assert found["estimated_share"] == pytest.approx(share)
    assert score(of, PROFILES["aasm3"]).denominators.sleep_name == name
    assert (found["stages"] is None) == ("stages" in found["why_null"])


def test_where_sleep_is_estimated_the_summary_has_the_night_without_that_too():
    runs = [(120, "N2", "auto"), (120, "W", "auto")]
    found = told(night(*runs))
    plain = told(Night(movements=night(*runs).movements, end_us=240 * EPOCH))
    for rules in PROFILES:
        assert found["without_estimate"][rules]["plms_index"] is None
        for key in ("n_plm", "plm_per_hour_recorded"):
            assert found["without_estimate"][rules][key] == plain["rules"][rules][key]
        assert found["rules"][rules]["plms_index"] == pytest.approx(180, rel=0.02)
    assert plain["without_estimate"] is None
    assert plain["why_null"]["without_estimate"]


def stage(t_s, name, source="auto", duration_s=30.0):
    return Fact("stage", t_s, source, {"stage": name, "duration_s": duration_s})


def test_agreement_is_over_the_epochs_both_speak_of():
    estimates = [stage(30 * i, "N2" if i < 6 else "W") for i in range(12)]
    assert agreement(estimates) is None
    # Typed from epoch 4 on: asleep for three epochs, of which the estimate has two.
    typed = [stage(120, "N1", "person", None), stage(210, "W", "person", None)]
    found = agreement(estimates + typed)
    assert found.n_epochs == 8
    assert found.share == pytest.approx(7 / 8)
    assert found.kappa == pytest.approx(5 / 7)


def test_agreement_where_nobody_was_awake_has_no_kappa():
    found = agreement([stage(0, "N2"), stage(30, "R"), stage(0, "N3", "Stager"), stage(30, "N2", "Stager")])
    assert (found.n_epochs, found.share, found.kappa) == (2, 1.0, None)


def test_unscored_is_no_opinion():
    assert agreement([stage(0, "unscored"), stage(0, "N2", "Stager")]) is None
    assert agreement([stage(0, "N2"), stage(30, "N2", "Stager")]) is None
