"""Send samples through a real outlet and inlet, under the LSL configuration of this process."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict, dataclass

from monitor.lsl.library import lsl, security
from monitor.lsl.outlet import ChannelHeader, OutletHeader, open_outlet
from monitor.model.errors import MonitorError

_SOURCE = "plms-doctor"
_FIND_S = 5.0
_SAMPLES = 20
_PATIENCE_S = 30.0


@dataclass(frozen=True, slots=True)
class Probed:
    """What came of it.

    Attributes
    ----------
    delay_ms : float or None
        From sending to receiving, the middle of twenty; None if nothing arrived.
    reason : str
        Why not, empty if it did.
    library : str
        Name of the binary library.
    security : str
        What it does for authentication and encryption; empty if it is a build without them.
    """

    delay_ms: float | None
    reason: str
    library: str = ""
    security: str = ""


def probe() -> Probed:
    """Try it in this process."""
    try:
        pylsl = lsl()
    except MonitorError as err:
        return Probed(None, str(err))
    library, secured = pylsl.library_info().split("/")[0][:60], security_text()
    header = OutletHeader("PLMS-Doctor", "Test", _SOURCE, 0.0, "double64", (ChannelHeader("x", "", ""),))
    with open_outlet(header) as outlet:
        found = pylsl.resolve_byprop("source_id", _SOURCE, 1, _FIND_S)
        if not found:
            return Probed(None, "an outlet of this machine is not found", library, secured)
        inlet = pylsl.StreamInlet(found[0], recover=False)
        inlet.open_stream(_FIND_S)
        delays = []
        for _ in range(_SAMPLES):
            sent = pylsl.local_clock()
            outlet.push_sample([sent], sent)
            if inlet.pull_sample(1.0)[0] is None:
                return Probed(None, "a sample that was sent did not arrive", library, secured)
            delays.append(pylsl.local_clock() - sent)
    return Probed(1e3 * sorted(delays)[len(delays) // 2], "", library, secured)


def security_text() -> str:
    """Return what the LSL library does for encryption; empty if it is a build without it."""
    found = security()
    if found is None:
        return ""
    if not found.is_enabled:
        return f"liblsl {found.version} has no keys: streams are NOT encrypted; make keys with its lsl-keygen"
    return f"streams are authenticated and encrypted (liblsl {found.version})"


def probe_beside() -> Probed:
    """Try it in a process of its own: liblsl reads its configuration once per process."""
    try:
        said = subprocess.run(
            [sys.executable, "-m", "monitor.lsl.probe"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_PATIENCE_S,
            check=True,
            text=True,
        )
        return Probed(**json.loads(said.stdout.splitlines()[-1]))
    except subprocess.TimeoutExpired:
        return Probed(None, f"no answer within {_PATIENCE_S:.0f} s")
    except (subprocess.CalledProcessError, OSError, ValueError, LookupError, TypeError) as err:
        return Probed(None, f"it failed ({err})")


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asdict(probe())) + "\n")
