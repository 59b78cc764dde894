"""What a long night costs more than a short one: run by hand.

    python tests/bench/growth_cost.py [--movements 0 3000 10000]

Twelve hours with so many movements: what one more movement takes the recorder (both rule sets) and the window
(its fold, without painting), in milliseconds of processor time, the least of several.
"""

import argparse
import random
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from support.sessions import append, beginning, make_session, movement, stage

from monitor.dashboard.viewmodel.presenter import Presenter
from monitor.model.rules import PROFILES
from monitor.scoring import Scorer
from monitor.session.recorder_status import LiveStatus
from monitor.session.state import SessionState

END_S, TIMES_N = 43_200.0, 9


def night(movements_n, end_s=END_S):
    """Make the facts of a night: movements of two bursts each, stages of all epochs."""
    r = random.Random(1)
    found = [stage(30.0 * k, r.choice(["W", "N1", "N2", "N2", "N3", "R"])) for k in range(round(end_s / 30))]
    step_s = end_s / max(1, movements_n)
    for k in range(movements_n):
        onset_s, length_s = 10 + (k + 0.3 * r.random()) * step_s, min(r.uniform(0.6, 4), step_s / 2)
        bursts = [[onset_s, onset_s + 0.6 * length_s], [onset_s + 0.7 * length_s, onset_s + length_s]]
        found.append(movement(f"{'LR'[k % 2]}{k}", onset_s, length_s, bursts=bursts))
    return [*beginning(), *sorted(found, key=lambda fact: fact.t)]


def more(k):
    return movement(f"L{1_000_000 + k}", END_S + 10 * k, 1.5)


def least_ms(step):
    """Return the least processor time of several turns."""
    took = []
    for k in range(TIMES_N):
        begun_s = time.process_time()
        step(k)
        took.append(time.process_time() - begun_s)
    return 1e3 * min(took)


def recorder_ms(facts):
    state, scorer = SessionState.of(replace(fact, seq=k) for k, fact in enumerate(facts)), Scorer()

    def step(k):
        state.apply(replace(more(k), seq=state.newest_seq + 1))
        for profile in PROFILES.values():
            scorer.score(state.night(END_S + 10 * k + 3), profile)

    step(-1)
    return least_ms(step)


def window_ms(facts):
    with tempfile.TemporaryDirectory() as parent:
        folder, clock_s = make_session(Path(parent) / "night", facts), [0.0]
        presenter = Presenter(folder, lambda: clock_s[0])

        def step(k):
            append(folder, [more(k)])
            clock_s[0] += 5.0
            presenter.poll(LiveStatus(newest_s=END_S + 10 * k + 3))

        step(-1)
        return least_ms(step)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--movements", type=int, nargs="*", default=[0, 3000, 10_000])
    for movements_n in parser.parse_args().movements:
        facts = night(movements_n)
        sys.stdout.write(
            f"{movements_n:6d} movements: one more takes the recorder {recorder_ms(facts):.1f} ms, "
            f"the window {window_ms(facts):.1f} ms\n"
        )


if __name__ == "__main__":
    main()
