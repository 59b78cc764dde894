"""Distribute work over processes with Dask: on this computer, or on an existing cluster."""

from __future__ import annotations

import importlib.util
import logging
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from monitor.model.errors import InputError, MissingError

_PACKAGES = ("dask", "distributed", "pyarrow")
_FIRST_WORKER_S = 60
_RETRIES = 2


@dataclass(frozen=True, slots=True)
class Failed:
    """Hold why a task failed: its worker process died, or it raised an unexpected error."""

    reason: str


@dataclass(frozen=True, slots=True)
class Where:
    """Hold where the tasks run.

    Parameters
    ----------
    workers : int
        Processes on this computer, not more than there are tasks; ignored with a scheduler.
    scheduler : str
        Address of the Dask scheduler of an existing cluster, such as ``tcp://host:8786``; empty for this
        computer.
    connect_s : int
        How long to wait for the scheduler's answer.
    """

    workers: int = 1
    scheduler: str = ""
    connect_s: int = 15


def require_packages() -> None:
    """Check that the packages of the archive mode are installed.

    Raises
    ------
    MissingError
        With the missing packages.
    """
    missing = [name for name in _PACKAGES if importlib.util.find_spec(name) is None]
    if missing:
        raise MissingError(
            f"Archive mode (--workers, --scheduler) needs {', '.join(missing)}, which is not installed. "
            "To install it, see `plms-monitor guide archive`; or score without these options."
        )


def spread(
    work: Callable[..., Any], pieces: Sequence[tuple[Any, ...]], where: Where, version: str
) -> Iterator[tuple[int, Any]]:
    """Run tasks in parallel.

    Parameters
    ----------
    work : callable
        A function of a module that the workers can import. A task that raises is retried twice.
    pieces : sequence of tuple
        Arguments of each task.
    where : Where
    version : str
        Version of this program: the workers of a cluster must have the same one.

    Yields
    ------
    index, result
        In order of completion; the result is a :class:`Failed` for a task that failed each time or killed its
        workers.

    Raises
    ------
    MissingError
        If the scheduler does not answer or has no workers.
    InputError
        If the workers have another version of this program.
    """
    from dask import config
    from distributed import as_completed

    # Errors of a task are returned as its result; Dask's own log messages are suppressed.
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    with ExitStack() as stack:
        stack.enter_context(config.set({"distributed.comm.timeouts.connect": f"{where.connect_s}s"}))
        client = stack.enter_context(_client(where, min(where.workers, len(pieces)), stack))
        if where.scheduler:
            _check_workers(client, where.scheduler, version)
        # Unique keys: a cluster treats equal keys as the same task, also those of other users.
        run = uuid.uuid4().hex
        futures = {
            client.submit(work, *piece, key=f"plms-{run}-{index}", pure=False, retries=_RETRIES): index
            for index, piece in enumerate(pieces)
        }
        for future in as_completed(futures, loop=client.loop):
            index, error = futures.pop(future), future.exception()
            yield index, future.result() if error is None else Failed(_why(error))
            # The scheduler releases results without references.
            future.release()


def _client(where: Where, workers: int, stack: ExitStack) -> Any:
    from distributed import Client, LocalCluster

    if not where.scheduler:
        cluster = LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            processes=True,
            host="127.0.0.1",
            dashboard_address=None,
            silence_logs=logging.CRITICAL,
        )
        return Client(stack.enter_context(cluster))
    try:
        return Client(where.scheduler, timeout=where.connect_s, set_as_default=False)
    except (OSError, TimeoutError) as err:
        raise MissingError(
            f"No Dask scheduler responds at {where.scheduler}: start one with `dask scheduler`, or correct "
            "--scheduler (such as tcp://host:8786)."
        ) from err
    except ValueError as err:
        raise InputError(
            "--scheduler",
            f"{where.scheduler!r} is not a valid address ({err})",
            "expected one such as tcp://host:8786",
        ) from err


def _check_workers(client: Any, scheduler: str, version: str) -> None:
    try:
        client.wait_for_workers(1, timeout=_FIRST_WORKER_S)
    except TimeoutError as err:
        raise MissingError(
            f"The Dask scheduler at {scheduler} has no workers; start some: `dask worker`."
        ) from err
    for worker, found in client.run(_version_here, on_error="return").items():
        if found != version:
            has = found if isinstance(found, str) else "no usable installation of PLMS Monitor"
            problem = f"the worker {worker} has {has}"
            raise InputError("--scheduler", problem, f"expected version {version} on every worker")


def _version_here() -> str:
    from monitor import __version__

    return __version__


def _why(error: BaseException) -> str:
    from distributed.scheduler import KilledWorker

    if isinstance(error, KilledWorker):
        return "terminated every worker process that tried it (out of memory?)"
    return f"could not be scored ({type(error).__name__}: {error})"
