"""Signature of a session: a fact with the reader's name and exactly which facts were read."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from monitor.model.facts import Fact
from monitor.model.safe_file import open_to_read

if TYPE_CHECKING:
    from monitor.model.payloads import SignData

# Not the place of the line: after damage numbers may be missing.
_SEQ = re.compile(rb'\{"v":\d+,"seq":(\d{1,18}),')


def journal_sha256(path: Path, last_seq: int) -> str | None:
    """Hash the journal's lines up to and with a fact.

    Returns
    -------
    str or None
        None if it has fewer facts, or cannot be read.
    """
    found = hashlib.sha256()
    try:
        with open_to_read(path) as file:
            for line in file:
                found.update(line)
                numbered = _SEQ.match(line)
                if numbered and int(numbered[1]) == last_seq and line.endswith(b"\n"):
                    return found.hexdigest()
    except OSError:
        return None
    return None


def signature(path: Path, last_seq: int) -> SignData:
    """Return the keys of a ``sign`` fact over all facts up to one.

    Raises
    ------
    ValueError
        If the journal has fewer.
    """
    sha256 = journal_sha256(path, last_seq)
    if sha256 is None:
        raise ValueError(f"the journal has no fact {last_seq} to sign")
    return {"over_seq": last_seq, "over_sha256": sha256}


def is_intact(path: Path, sign: Fact[SignData]) -> bool:
    """Whether the journal still reads as it did when it was signed."""
    return journal_sha256(path, int(sign.data["over_seq"])) == str(sign.data["over_sha256"])


def signed_by(path: Path, sign: Fact[SignData] | None) -> Mapping[str, Any] | None:
    """Return who signed the present facts and when; None without a signature or if the facts were changed."""
    if sign is None or not is_intact(path, sign):
        return None
    keys = ("author", "told_utc", "over_seq", "over_sha256")
    return {key: sign.data.get(key) for key in keys}
