"""A short scored recording as an EDF+ file: two legs, an EEG, stages, an arousal, lights off."""

from __future__ import annotations

import datetime
from pathlib import Path

import edfio
import numpy as np

LEG_HZ, EEG_HZ, EPOCH_S = 250, 100, 30


def scored_edf(path: Path, length_s: int = 300, labels: tuple[str, str] = ("EMG LAT", "EMG RAT")) -> Path:
    """Write it: noise of 3 µV, from 70 s on a movement of the left leg each 24 s, of both at every second."""
    rng = np.random.default_rng(3)
    onsets_s = range(70, length_s - 10, 24)
    legs = [rng.normal(0.0, 3.0, length_s * LEG_HZ) for _ in labels]
    for number, onset_s in enumerate(onsets_s):
        at = slice(onset_s * LEG_HZ, round((onset_s + 1.5) * LEG_HZ))
        for leg in legs[: 1 + number % 2]:
            leg[at] *= 25.0
    signals = [
        edfio.EdfSignal(
            np.clip(leg, -499, 499), LEG_HZ, label=label, physical_dimension="uV", physical_range=(-500, 500)
        )
        for leg, label in zip(legs, labels, strict=True)
    ]
    eeg = rng.normal(0.0, 20.0, length_s * EEG_HZ)
    signals.append(
        edfio.EdfSignal(eeg, EEG_HZ, label="EEG C4-M1", physical_dimension="uV", physical_range=(-500, 500))
    )
    stages = [
        edfio.EdfAnnotation(at_s, EPOCH_S, f"Sleep stage {'W' if at_s < 60 else 'N2'}")
        for at_s in range(0, length_s, EPOCH_S)
    ]
    events = [edfio.EdfAnnotation(96.0, 5.0, "Arousal"), edfio.EdfAnnotation(30.0, None, "Lights off")]
    edf = edfio.Edf(signals, annotations=[*stages, *events], starttime=datetime.time(22, 15, 30))
    edf.write(path)
    return path
