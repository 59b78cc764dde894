"""The one guarded door to pylsl, and the isolated loopback configuration of liblsl.

Everything else in :mod:`monitor.lsl` asks :func:`lsl` for the module, so that a machine without a
loadable liblsl is reported in one sentence instead of a traceback at import.
"""

from __future__ import annotations

import atexit
import contextlib
import ctypes
import os
import secrets
import socket
import sys
import tempfile
import uuid
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from monitor.model.errors import MissingError

CONFIG_VARIABLE = "LSLAPICFG"
_PORTS_PER_CONFIG_N = 100
_FIRST_PORT = 20_000
# Below 32768, where Linux begins to hand out ports to any program that asks for just one.
_LAST_PORT = 32_000

_LOOPBACK = """\
[ports]
IPv6=disable
MulticastPort={multicast_port}
BasePort={base_port}
PortRange=64
[multicast]
AddressesOverride={{239.255.172.215}}
Interfaces={{127.0.0.1}}
TTLOverride=0
[lab]
SessionID={session_id}
KnownPeers={{127.0.0.1}}
[tuning]
WatchdogCheckInterval=1
WatchdogTimeThreshold=2
[log]
level=-3
"""


# Where liblsl looks for a configuration, besides the environment variable.
_CONFIG_FILES = ("lsl_api.cfg", "~/lsl_api/lsl_api.cfg", "/etc/lsl_api/lsl_api.cfg")
# Without a configuration liblsl announces on standard error that it has none.
_QUIET = "[log]\nlevel = -2\n"


def lsl() -> ModuleType:
    """Return the pylsl module.

    Returns
    -------
    module
        ``pylsl``, with its binary library loaded.

    Raises
    ------
    MissingError
        If pylsl is not installed, or the liblsl it needs is absent or cannot be loaded.
    """
    loaded = sys.modules.get("pylsl")
    try:
        import pylsl
    except ImportError as error:
        raise MissingError(
            f"Lab Streaming Layer is not available: {error}. Install it with: pip install 'pylsl>=1.18.5'."
        ) from error
    except (RuntimeError, OSError, AttributeError) as error:
        # pylsl raises RuntimeError for an absent or unloadable library; a library that loads but is too
        # old lacks functions that pylsl binds at import (AttributeError).
        reason = str(error).strip().splitlines() or ["no reason given"]
        raise MissingError(
            f"Lab Streaming Layer's binary library (liblsl) cannot be used: {reason[0]} "
            "pylsl's packages for Linux bring none for other processors than x86-64 or glibc before 2.35: "
            "install liblsl 1.17 or newer and set PYLSL_LIB to its path."
        ) from error
    module: ModuleType = pylsl
    if loaded is None:
        # A liblsl before 1.17 cannot be given one, or no home directory is known.
        with contextlib.suppress(RuntimeError):
            if not _has_config():
                module.set_config_content(_QUIET)
    return module


def _has_config() -> bool:
    """Whether the user has given liblsl a configuration: then that holds, its log level too."""
    return CONFIG_VARIABLE in os.environ or any(Path(each).expanduser().is_file() for each in _CONFIG_FILES)


@dataclass(frozen=True, slots=True)
class Security:
    """Authentication and encryption of streams by a secure build of liblsl.

    Attributes
    ----------
    version : str
        Of that build.
    is_enabled : bool
        Whether it has keys: without them it sends and accepts only streams without encryption.
    """

    version: str
    is_enabled: bool


def security() -> Security | None:
    """Return what the loaded liblsl does for security; None if it is a build without it.

    Notes
    -----
    Secure LSL (SCCN, University of California San Diego) exports functions that liblsl does not have;
    ``PYLSL_LIB`` names its file.
    """
    library = lsl().lib.lib
    is_secure = getattr(library, "lsl_is_secure_build", None)
    if is_secure is None or not is_secure():
        return None
    full_version = library.lsl_full_version
    full_version.restype = ctypes.c_char_p
    return Security(full_version().decode("utf-8", "replace"), bool(library.lsl_local_security_enabled()))


def is_encrypted() -> bool | None:
    """Return whether streams are encrypted; None where the loaded liblsl is a build without security."""
    found = security()
    return None if found is None else found.is_enabled


def loopback_config(session_id: str, port: int) -> str:
    """Write the liblsl configuration that keeps streams on this machine and in this session.

    Parameters
    ----------
    session_id : str
        Only programs with the same session see each other's streams. Not a secret.
    port : int
        First of 65 ports: discovery on this one, streams on the 64 above it.

    Returns
    -------
    str
        Text of an ``lsl_api.cfg`` file.

    Notes
    -----
    Multicast bound to the loopback interface finds all outlets at once with liblsl 1.17 and 1.18 and
    sends no packet off the host; ``ResolveScope=machine`` finds one outlet of several with 1.17.7.
    liblsl logs to standard error; only fatal errors are passed on, because the monitor itself reports that a
    source disconnected.
    """
    return _LOOPBACK.format(session_id=session_id, multicast_port=port, base_port=port + 1)


def use_loopback(session_id: str | None = None, port_base: int | None = None) -> Path:
    """Keep this process and those it starts from now on to an isolated LSL on loopback.

    Parameters
    ----------
    session_id : str, optional
        A fresh random one by default.
    port_base : int, optional
        First of 65 ports, see :func:`loopback_config`. A free one by default.

    Returns
    -------
    Path
        The configuration file, named in the environment variable ``LSLAPICFG`` and removed when this
        process ends.

    Notes
    -----
    liblsl reads its configuration once per process, at its first use: call this before.
    """
    text = loopback_config(session_id or uuid.uuid4().hex, port_base or _free_port_base())
    handle, name = tempfile.mkstemp(prefix="plms-lsl-", suffix=".cfg")
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(text)
    path = Path(name)
    atexit.register(path.unlink, missing_ok=True)
    os.environ[CONFIG_VARIABLE] = name
    return path


def _free_port_base() -> int:
    choices = range(_FIRST_PORT, _LAST_PORT - _PORTS_PER_CONFIG_N, _PORTS_PER_CONFIG_N)
    # Random, not the first free one: two programs that start together must not pick the same.
    order = secrets.SystemRandom().sample(choices, len(choices))
    for base in order:
        if _is_free(base, socket.SOCK_DGRAM) and _is_free(base + 1, socket.SOCK_STREAM):
            return base
    raise MissingError(f"No free network port between {_FIRST_PORT} and {_LAST_PORT} for LSL on loopback.")


def _is_free(port: int, kind: socket.SocketKind) -> bool:
    with socket.socket(socket.AF_INET, kind) as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
