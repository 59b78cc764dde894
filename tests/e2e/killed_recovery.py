"""Recover copies of a session, each killed one step later than the one before, and then once more.

A step is a call that changes the disk. Prints how many steps there are.
"""

import json
import os
import pathlib
import shutil
import signal
import sys

from monitor.session.folder import SessionFolder
from monitor.session.recovery import recover

STEPS = ("link", "fsync", "rename", "replace", "truncate", "unlink", "write", "open", "chmod")


def run_until(folder: SessionFolder, last_step: int) -> bool:
    """Recover in a process that is killed before a step; return whether it was."""
    pid = os.fork()
    if not pid:
        left = last_step
        for name in STEPS:
            real = getattr(os, name)

            def counted(*args, real=real, name=name, **kwargs):
                nonlocal left
                if name != "open" or (len(args) > 1 and args[1] & os.O_CREAT):
                    left -= 1
                    if left < 0:
                        os.kill(os.getpid(), signal.SIGKILL)
                return real(*args, **kwargs)

            setattr(os, name, counted)
        recover(folder)
        os._exit(0)
    return os.WIFSIGNALED(os.waitpid(pid, 0)[1])


def main() -> None:
    source, copies = (pathlib.Path(argument) for argument in sys.argv[1:])
    copies.mkdir()
    step = 0
    while True:
        folder = SessionFolder(shutil.copytree(source, copies / f"{step:03}"))
        was_killed = run_until(folder, step)
        recover(folder)
        if not was_killed:
            break
        step += 1
    sys.stdout.write(json.dumps(step))


main()
