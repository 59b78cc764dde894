"""Whether and how sleep is estimated, as a configuration says it."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass

from monitor.staging.channels import Role


@dataclass(frozen=True, slots=True)
class StagingSettings:
    """Fields of the configuration's section ``staging``.

    Attributes
    ----------
    enabled : bool
        Whether sleep is estimated during a recording whose streams carry an EEG.
    of_files : bool
        Whether it is estimated in files that are scored, too; ``score --stage auto`` sets it.
    planned_h : float
        Planned length of the night, 3 to 16: where in the night an epoch lies helps to estimate it.
    eeg, eog, chin : str
        Channels, by label or ``#n``; empty to find them by their labels.
    """

    enabled: bool = True
    of_files: bool = False
    planned_h: float = 8.0
    eeg: str = ""
    eog: str = ""
    chin: str = ""

    def __post_init__(self) -> None:
        if not 3 <= self.planned_h <= 16:
            raise ValueError(f"planned_h = {self.planned_h!r}: expected 3 to 16 hours")

    @property
    def wish(self) -> Mapping[Role, str]:
        """The channels that were named."""
        return {"eeg": self.eeg, "eog": self.eog, "chin": self.chin}


def is_installed() -> bool:
    """Say whether the optional extra ``staging`` is there, without loading it."""
    return importlib.util.find_spec("yasa") is not None
