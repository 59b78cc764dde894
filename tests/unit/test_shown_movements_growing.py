"""Brackets and log rows that are made again only where the score changed are those made at once."""

import random

from support.growing import begun
from support.sessions import movement, stage

from monitor.dashboard.viewmodel.brackets import Brackets
from monitor.dashboard.viewmodel.log import MovementRows
from monitor.model.rules import PROFILES
from monitor.scoring import Scorer, score


def steps(r, session):
    """Let a session grow by movements, stages and edits; yield after each."""
    t_s, epoch, closed = 10.0, 0, []
    for k in range(60):
        t_s += r.choice([0.2, 3.0, 8.0, 20.0, 20.0, 25.0])
        key, length_s = f"{r.choice('LR')}{k}", r.choice([0.4, 1.0, 2.0, 12.0])
        session.add(movement(key, t_s, phase="onset"))
        yield t_s
        end = r.choice(["closed", "closed", "closed", "withdrawn", "twitch"])
        if end == "closed":
            session.add(movement(key, t_s, length_s))
            closed.append(key)
        else:
            more = {"twitch": True, "end": t_s + 0.3} if end == "twitch" else {}
            session.add(movement(key, t_s, 0.3, phase="withdrawn", **more))
        t_s += length_s
        yield t_s
        if r.random() < 0.5:
            session.add(stage(30.0 * epoch, r.choice(["W", "N2", "N2", "R"])))
            epoch += 1
            yield t_s
        if closed and r.random() < 0.15:
            key = closed.pop(r.randrange(len(closed)))
            session.ask(do="reject", movements=[key], reason="cough")
            yield t_s
            if r.random() < 0.5:
                session.ask(do="accept", movement=key)
                yield t_s


def shown(brackets, rows, session, found, now_s, staged_s):
    view = brackets.view(session.state.leg_movements().values(), found, now_s, staged_s)
    listed = rows.list(found, staged_s, {})
    # As text: the first tick of a series has no interval, and NaN equals nothing.
    return view.brackets, repr(view.ticks), view.onset_s.tolist(), listed


def test_what_is_shown_of_a_growing_session_is_what_is_shown_of_it_at_once():
    n_plm = n_rejected = 0
    for seed in range(2):
        r, session = random.Random(seed), begun()
        brackets, rows, scorer = Brackets(), MovementRows(), Scorer()
        for now_s in steps(r, session):
            night = session.state.night(now_s)
            staged_s = max((epoch.end_us for epoch in night.epochs), default=0) / 1e6
            found = scorer.score(night, PROFILES["aasm3"])
            fresh = score(night, PROFILES["aasm3"])
            own = shown(brackets, rows, session, found, now_s, staged_s)
            assert own == shown(Brackets(), MovementRows(), session, fresh, now_s, staged_s)
        n_plm += sum(one.life == "plm" for one in own[0])
        n_rejected += sum("cough" in row.detail for row in own[3])
    assert min(n_plm, n_rejected) > 0
