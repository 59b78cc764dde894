"""Two computers on a switch, made of network namespaces: an amplifier's, a monitor's, and the switch between.

Linux and root only; `missing()` says what is not there.
"""

import os
import shutil
import subprocess
import sys
import uuid
from pathlib import Path

CONFIGS = Path(__file__).resolve().parents[2] / "configs" / "lsl"
AMP, REC, HUB = "amp", "rec", "hub"
ADDRESSES = {AMP: "10.77.0.1", REC: "10.77.0.2"}


def missing() -> str:
    """Say why there can be no network here; empty if there can."""
    if sys.platform != "linux":
        return "network namespaces are Linux's"
    if os.geteuid() != 0:
        return "network namespaces need root"
    if shutil.which("ip") is None:
        return "no `ip` command"
    name = f"plms-try-{os.getpid()}"
    made = _run("ip", "netns", "add", name)
    if made.returncode:
        return f"no network namespace: {made.stderr.strip()}"
    try:
        bridge = _run("ip", "-n", name, "link", "add", "bridge0", "type", "bridge")
        return f"no bridge: {bridge.stderr.strip()}" if bridge.returncode else ""
    finally:
        _run("ip", "netns", "del", name)


class NetLab:
    """Two namespaces joined by a bridge in a third; `close` takes all of it away."""

    def __init__(self) -> None:
        self._tag = uuid.uuid4().hex[:6]
        self._names = {role: f"plms-{role}-{self._tag}" for role in (AMP, REC, HUB)}
        for name in self._names.values():
            self._must("ip", "netns", "add", name)
        self._ip(HUB, "link", "add", "br0", "type", "bridge", "mcast_snooping", "0")
        self._ip(HUB, "link", "set", "br0", "up")
        for role in (AMP, REC):
            self._ip(role, "link", "set", "lo", "up")
            near, far = "eth0", f"to-{role}"
            self._ip(role, "link", "add", near, "type", "veth", "peer", "name", far)
            self._ip(role, "link", "set", far, "netns", self._names[HUB])
            self._ip(role, "addr", "add", f"{ADDRESSES[role]}/24", "dev", near)
            self._ip(role, "link", "set", near, "up")
            self._ip(role, "route", "add", "224.0.0.0/4", "dev", near)
            self._ip(HUB, "link", "set", far, "up")
            self._ip(HUB, "link", "set", far, "master", "br0")

    def inside(self, role: str, *, clock_s: int = 0) -> list[str]:
        """Give the words that put a command into a namespace, its clock ahead by so many seconds."""
        shifted = (
            ["unshare", "--time", "--monotonic", str(clock_s), "--fork", "--kill-child", "--"]
            if clock_s
            else []
        )
        return ["ip", "netns", "exec", self._names[role], *shifted]

    def black_hole(self, *, on: bool) -> None:
        """Swallow everything between the two, both links still up."""
        if on:
            self._ip(HUB, "link", "set", f"to-{AMP}", "nomaster")
        else:
            self._ip(HUB, "link", "set", f"to-{AMP}", "master", "br0")

    def cable(self, role: str, *, is_in: bool) -> None:
        """Pull the cable of one computer, or put it back."""
        self._ip(HUB, "link", "set", f"to-{role}", "up" if is_in else "down")

    def block_udp(self, *, on: bool) -> None:
        """Drop what the monitor's computer sends over UDP: nothing found, no clock measured."""
        self._ip(REC, "rule", "add" if on else "del", "ipproto", "udp", "pref", "1", "blackhole")

    def only_to_each_other(self) -> None:
        """Let the switch pass on nothing that is meant for many, as between parts of a network."""
        addresses = {
            role: self._must("ip", "-n", self._names[role], "-br", "link", "show", "eth0")
            for role in ADDRESSES
        }
        for role, other in ((AMP, REC), (REC, AMP)):
            # Without broadcasts nobody can ask for the other's hardware address.
            hardware = addresses[other].split()[2]
            self._ip(role, "neigh", "replace", ADDRESSES[other], "lladdr", hardware, "dev", "eth0")
            self._ip(
                HUB,
                "link",
                "set",
                f"to-{role}",
                "type",
                "bridge_slave",
                "mcast_flood",
                "off",
                "bcast_flood",
                "off",
            )

    def give_up_soon(self) -> None:
        """Let the amplifier's TCP give up an unanswered connection after seconds instead of minutes."""
        self._must(*self.inside(AMP), "sysctl", "-qw", "net.ipv4.tcp_retries2=3")

    def n_connections(self, role: str) -> int:
        """Count the TCP connections that a computer believes to have."""
        shown = self._must(*self.inside(role), "ss", "-Htn", "state", "established")
        return len(shown.splitlines())

    def close(self) -> None:
        for name in self._names.values():
            _run("ip", "netns", "del", name)

    def _ip(self, role: str, *arguments: str) -> None:
        self._must("ip", "-n", self._names[role], *arguments)

    @staticmethod
    def _must(*command: str) -> str:
        done = _run(*command)
        assert done.returncode == 0, f"{' '.join(command)}: {done.stderr}"
        return done.stdout


def _run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, timeout=90, check=False)
