"""Results as columns, and as a data frame of pandas if it is installed."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

import numpy.typing as npt

from monitor.model.errors import MissingError

Columns = dict[str, npt.NDArray[Any]]


def data_frame(columns: Mapping[str, Any]) -> Any:
    """Return columns as ``pandas.DataFrame``.

    Raises
    ------
    MissingError
        If pandas is not installed.
    """
    try:
        # By name: nothing here depends on pandas, and a live recording never loads it.
        pandas = importlib.import_module("pandas")
    except ImportError as error:
        raise MissingError("a data frame needs pandas, which is not installed: pip install pandas") from error
    return pandas.DataFrame({name: list(values) for name, values in columns.items()})
