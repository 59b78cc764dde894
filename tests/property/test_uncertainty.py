"""How sure an index is, over random nights: pure, complete, and every missing value states why."""

import json
import math

from hypothesis import given
from hypothesis import strategies as st
from reference.random_nights import random_night

from monitor.model.config_fields import UncertaintySettings
from monitor.model.rules import PROFILES
from monitor.scoring import Night, score
from monitor.scoring.uncertainty.document import further_parts

nights = st.one_of(st.integers(0, 10**6).map(random_night), st.just(Night()))


def reasons_missing(value, path=""):
    """List the keys that are None without a reason at their level."""
    if isinstance(value, list):
        return [missing for i, item in enumerate(value) for missing in reasons_missing(item, f"{path}[{i}]")]
    if not isinstance(value, dict):
        return []
    nulls = {key for key, item in value.items() if item is None}
    found = [f"{path}.{key}" for key in nulls ^ set(value.get("why_null", {}))]
    return found + [
        missing for key, item in value.items() for missing in reasons_missing(item, f"{path}.{key}")
    ]


@given(nights, st.booleans(), st.sampled_from([None, 0.01, 8.0]))
def test_every_missing_value_states_why_and_the_rest_is_finite(facts, is_on, planned_h):
    scores = {name: score(facts, profile) for name, profile in PROFILES.items()}
    settings = UncertaintySettings(*[is_on] * 4)
    document = further_parts(facts, scores, settings, planned_h)
    assert json.loads(json.dumps(document, allow_nan=False)) == json.loads(
        json.dumps(further_parts(facts, scores, settings, planned_h))
    )
    assert reasons_missing(document) == []
    for leg in (document["rem_activity"]["legs"] or {}).values():
        shares = [leg[key] for key in ("phasic_time", "any_time", "phasic_mini_epochs", "any_mini_epochs")]
        assert all(share is None or (0 <= share <= 1 and math.isfinite(share)) for share in shares)
        assert leg["n_phasic"] <= leg["n_bursts"]
