"""What a person changes by hand: excluded, brought back, split, signed; each a fact of its own."""

import dataclasses
import json

import pytest
from support.growing import HOUR_S, begun, detected

from monitor.model.facts import Fact
from monitor.model.rules import PROFILES
from monitor.recorder.outlets import public_line
from monitor.recorder.requests import RefusedError
from monitor.scoring import score
from monitor.session.calibration import judge
from monitor.session.folder import SessionFolder
from monitor.session.journal import Journal, encode
from monitor.session.signature import is_intact, signature, signed_by
from monitor.session.state import SessionState
from monitor.session.tables import write_tables


def series(n=6, first_s=600.0):
    return [detected(first_s + 20.0 * i, f"L{i}") for i in range(n)]


def test_a_rejected_movement_leaves_the_count_with_its_reason_and_comes_back():
    night = begun(*series(4))
    assert night.n_plm() == 4
    rejected = night.ask(do="reject", movements=["L3"], reason="turned  over", author="AB")
    assert (rejected.kind, rejected.t) == ("reject", 660.0)
    assert rejected.data == {"movements": ["L3"], "reason": "turned over", "author": "AB"}
    found = score(night.state.night(HOUR_S), PROFILES["aasm3"])
    # Three are no series any more: the whole fold was made again.
    assert found.indices.n_plm == 0
    assert [(lm.why, lm.reason) for lm in found.lms if lm.keys == ("L3",)] == [
        ("rejected", "rejected: turned over")
    ]
    accepted = night.ask(do="accept", movement="L3", author="AB")
    assert (accepted.supersedes, accepted.data["movements"]) == (rejected.seq, ["L3"])
    assert night.n_plm() == 4
    # Once more, and taken back by undo.
    again = night.ask(do="reject", movements=["L3"], reason="x")
    night.ask(do="undo", seq=again.seq)
    assert night.n_plm() == 4
    assert night.state.night(HOUR_S) == SessionState.of(night.facts).night(HOUR_S)


def test_a_movement_that_is_told_again_stays_rejected():
    night = begun(detected(600.0, "L0", phase="confirmed"))
    night.ask(do="reject", movements=["L0"], reason="x")
    night.add(detected(600.0, "L0"))
    assert [m.rejected for m in night.state.night(HOUR_S).movements] == ["x"]


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        ({"do": "reject", "movements": ["L9"], "reason": "x"}, "unknown movement 'L9'"),
        ({"do": "reject", "movements": ["gone"], "reason": "x"}, "unknown movement 'gone'"),
        ({"do": "reject", "movements": [], "reason": "x"}, "movements = []"),
        ({"do": "reject", "movements": "L0", "reason": "x"}, "movements = L0"),
        ({"do": "reject", "movements": [{}], "reason": "x"}, "unknown movement"),
        ({"do": "reject", "movements": ["L0"], "reason": " "}, "reason"),
        ({"do": "reject", "movements": ["L1"], "reason": "x"}, "'L1' is rejected already"),
        ({"do": "accept", "movement": "L0"}, "movement = 'L0'"),
        ({"do": "accept"}, "movement = 'None'"),
        ({"do": "artifact", "t": 3, "duration_s": 0}, "duration_s = 0"),
        ({"do": "artifact", "t": 3, "duration_s": HOUR_S * 2}, "ends after the end"),
        ({"do": "artifact", "t": 3, "duration_s": 5, "legs": ["arm"]}, "legs"),
        ({"do": "artifact", "t": 3, "duration_s": 5, "legs": [{}]}, "legs"),
        ({"do": "segment", "t": 3}, "label"),
        ({"do": "calibration", "when": "noon"}, "when = 'noon'"),
        ({"do": "calibration", "when": "before", "steps": {"relax": [0, 1]}}, "steps"),
        ({"do": "undo", "seq": 0}, "seq = 0"),
    ],
)
def test_what_makes_no_sense_is_refused_by_field(request_, words):
    night = begun(*series(2), dataclasses.replace(detected(5.0, "gone", phase="withdrawn")))
    night.ask(do="reject", movements=["L1"], reason="y")
    with pytest.raises(RefusedError) as error:
        night.ask(**request_)
    assert words in str(error.value)


def test_what_was_taken_back_is_not_taken_back_again():
    night = begun()
    note = night.ask(do="note", t=3.0, text="x")
    undone = night.ask(do="undo", seq=note.seq)
    with pytest.raises(RefusedError):
        night.ask(do="undo", seq=undone.seq)


def test_an_artifact_by_hand_spoils_its_leg_and_automatic_counts_know_nothing_of_it():
    night = begun(*series(5))
    night.ask(do="artifact", t=590.0, duration_s=200.0, legs=["left"])
    night.add(Fact("artifact", 0.0, "Stager", {"duration_s": 5.0}))
    assert (night.n_plm(), night.n_plm(is_automatic=True)) == (0, 5)
    assert [a.end_us for a in night.state.night(HOUR_S, is_automatic=True).artifacts] == [5_000_000]


def test_one_typed_epoch_ends_nothing_that_holds():
    night = begun()
    night.ask(do="stage", t=0, stage="N2")
    night.ask(do="stage", t=300, stage="W", duration_s=30)
    laid = [(e.start_us // 10**6, e.end_us // 10**6, e.stage) for e in night.state.night(600.0).epochs]
    assert laid == [(0, 300, "N2"), (300, 330, "W"), (330, 600, "N2")]


def test_a_split_night_counts_before_and_after_and_the_parts_add_up():
    facts = [detected(600.0 + 20.0 * i, f"L{i}") for i in range(12)]
    night = begun(*facts)
    night.ask(do="stage", t=0, stage="N2")
    assert night.state.night(HOUR_S).segments == ()
    night.ask(do="segment", t=760.0, label="CPAP on")
    for profile in PROFILES.values():
        found = score(night.state.night(HOUR_S), profile)
        before, after = found.segments
        assert (before.label, after.label) == ("", "CPAP on")
        assert (before.n_plms, after.n_plms) == (8, 4)
        assert before.n_plms + after.n_plms == found.indices.n_plms
        assert before.plms_index == pytest.approx(8 / (760 / 3600))
        assert after.plms_index == pytest.approx(4 / (2840 / 3600))
        assert before.tst_h + after.tst_h == pytest.approx(1.0)
        assert before.too_early == after.too_early == ()
    assert found.segments[0].plmw_index is None
    assert found.segments[0].why_null == {"plmw_index": "no wake in bed yet"}


def test_parts_without_stages_have_only_rates_of_the_recording():
    night = begun(*series(4))
    night.ask(do="segment", t=500.0, label="x")
    before, after = score(night.state.night(HOUR_S), PROFILES["aasm3"]).segments
    assert (before.plms_index, after.plms_index) == (None, None)
    assert before.too_early == ("plm_per_hour_recorded",)
    assert after.plm_per_hour_recorded == pytest.approx(4 / (3100 / 3600))


def test_nothing_a_person_wrote_goes_to_the_network():
    night = begun(*series(2))
    asked = [
        {"do": "reject", "movements": ["L0"], "reason": "secret"},
        {"do": "artifact", "t": 3, "duration_s": 5},
        {"do": "segment", "t": 3, "label": "secret"},
        {"do": "stage", "t": 3, "stage": "W"},
    ]
    for request in asked:
        line = public_line(night.ask(**request, author="secret"))
        assert "secret" not in line
        assert json.loads(line)["kind"] == request["do"]


# -- signing ---------------------------------------------------------------------------------------------


def test_a_signature_holds_until_something_is_added_or_changed(tmp_path):
    path = tmp_path / "journal.jsonl"
    night = begun(*series(4))
    journal = Journal(path)
    journal.append(night.facts)
    assert night.state.signature is None
    with pytest.raises(ValueError, match="no fact 99"):
        signature(path, 99)
    sign = Fact("sign", HOUR_S, "person", signature(path, 4) | {"author": "AB", "told_utc": "2026"})
    journal.append([sign])
    journal.close()
    fact = night.add(sign)
    assert night.state.signature == fact
    assert signed_by(path, fact)["author"] == "AB"
    assert is_intact(path, fact)
    with path.open("ab") as file:
        file.write(encode(dataclasses.replace(fact, kind="note", data={"text": "later"}, seq=6)))
    assert is_intact(path, fact)
    night.ask(do="note", t=3, text="later")
    assert night.state.signature is None
    path.write_bytes(path.read_bytes().replace(b'"peak_uv":60.0', b'"peak_uv":61.0', 1))
    assert not is_intact(path, fact)
    assert signed_by(path, fact) is None


def test_the_summary_says_what_was_done_by_hand_against_what_was_found(tmp_path):
    night = begun(*series(5))
    folder = SessionFolder(tmp_path)
    Journal(folder.journal).append(night.facts)
    night.add(Fact("stop", HOUR_S, "recorder", {"reason": "x"}))
    plain = write_tables(folder, night.state, PROFILES)
    assert plain["manual"]["edits"] == dict.fromkeys(plain["manual"]["edits"], 0)
    assert plain["signed"] is None
    assert plain["segments"] == []
    night.ask(do="reject", movements=["L0", "L1"], reason="x")
    night.ask(do="artifact", t=3, duration_s=5)
    night.ask(do="segment", t=700.0, label="x")
    note = night.ask(do="note", t=3, text="x")
    night.ask(do="undo", seq=note.seq)
    told = write_tables(folder, night.state, PROFILES)
    assert told == json.loads((tmp_path / "summary.json").read_text())
    assert told["manual"]["edits"] == {
        "movements_entered": 0, "movements_rejected": 2, "lookalikes_counted": 0, "arousals": 0,
        "respiratory": 0, "artifacts": 1, "stages": 0, "segments": 1, "taken_back": 1,
    }  # fmt: skip
    for name in PROFILES:
        assert told["manual"]["automatic"][name]["n_plm"] == plain["rules"][name]["n_plm"] == 5
        assert told["rules"][name]["n_plm"] == 0
        parts = [part["rules"][name] for part in told["segments"]]
        assert sum(part["n_lm"] for part in parts) == told["rules"][name]["n_lm"]
    assert [(part["start"], part["end"], part["label"]) for part in told["segments"]] == [
        (0.0, 700.0, ""),
        (700.0, HOUR_S, "x"),
    ]


# -- bio-calibration ---------------------------------------------------------------------------------------

STEPS = {"relax": [10.0, 40.0], "left": [40.0, 60.0], "right": [60.0, 80.0], "both": [80.0, 100.0]}


def calibrated(left="left", right="right", **changes):
    moved = [detected(42.0 + 5 * i, f"a{i}", left) for i in range(3)]
    moved += [detected(62.0 + 5 * i, f"b{i}", right) for i in range(3)]
    moved += [detected(85.0, "c0", "left"), detected(85.2, "c1", "right")]
    moved = [dataclasses.replace(m, data=m.data | changes.get(m.data["id"], {})) for m in moved]
    quality = [
        Fact("quality", 0.0, "detector", {"leg": leg, "state": "ok", "causes": [], "rest_uv": 2.0})
        for leg in ("left", "right")
    ]
    return begun(*quality, *[m for m in moved if m.data["leg"] != "nobody"])


def test_three_movements_of_each_leg_well_above_rest_pass():
    night = calibrated()
    fact = night.ask(do="calibration", when="before", steps=STEPS, author="AB")
    assert (fact.t, fact.data["duration_s"], fact.data["verdict"], fact.data["why"]) == (
        10.0,
        90.0,
        "pass",
        [],
    )
    assert fact.data["legs"]["left"] == {"rest_uv": 2.0, "over_rest_uv": [58.0] * 3}
    assert not fact.data["swapped"]
    # What was moved on request is no movement of the night.
    assert {lm.why for lm in score(night.state.night(HOUR_S), PROFILES["wasm2016"]).lms} == {"biocal"}


def test_swapped_legs_are_named():
    found = judge(calibrated(left="right", right="left").state, STEPS)
    assert (found["verdict"], found["swapped"]) == ("repeat", True)
    assert found["why"] == ["the legs are swapped: each moved on the other's channel"]


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"a2": {"leg": "nobody"}}, ["left leg: 2 of 3 movements seen"]),
        ({"c1": {"leg": "nobody"}}, ["both legs: none seen on the right"]),
        (
            {f"b{i}": {"resting_uv": 9.0} for i in range(3)},
            ["right leg: rest 9.0 uV, above 8: check the electrode"],
        ),
        ({"c1": {"onset": 20.0}}, ["right leg moved while relaxing", "both legs: none seen on the right"]),
        (
            {"c1": {"onset": 50.0, "peak_uv": 90.0}},
            ["left leg: the other leg moved more", "both legs: none seen on the right"],
        ),
    ],
)  # fmt: skip
def test_what_is_to_be_repeated_is_said(changes, why):
    found = judge(calibrated(**changes).state, STEPS)
    assert (found["verdict"], found["why"]) == ("repeat", why)


def test_a_leg_that_never_moved_is_told_of_with_the_rest_that_is_known():
    learning = Fact("quality", 0.0, "detector", {"leg": "left", "state": "learning", "causes": []})
    known = dataclasses.replace(learning, data=learning.data | {"state": "ok", "rest_uv": 3.5})
    for facts, rest_uv in (([learning], None), ([known, learning], 3.5)):
        night = begun(*facts)
        found = night.ask(do="calibration", when="before", steps=STEPS).data
        assert found["legs"]["left"] == {"rest_uv": rest_uv, "over_rest_uv": []}
        assert found["verdict"] == "repeat"
        assert "left leg: 0 of 3 movements seen" in found["why"]


def test_a_running_night_is_not_signed():
    with pytest.raises(RefusedError, match="only after it has ended"):
        begun().ask(do="sign", author="AB")


def test_a_leg_that_is_not_usable_does_not_pass():
    night = calibrated()
    night.add(Fact("quality", 90.0, "detector", {"leg": "left", "state": "bad", "causes": ["flat"]}))
    assert judge(night.state, STEPS)["why"] == ["left leg: bad now"]
