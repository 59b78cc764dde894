"""The argument SESSION: a session folder, or its name in the default folder."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from monitor.errors import InputError
from monitor.session.folder import SessionFolder, default_sessions_dir


class SessionPath(click.Path):
    """A session folder; a bare name that does not exist here is searched in the default sessions folder."""

    def __init__(self) -> None:
        super().__init__(path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """Return the folder; it is validated when it is opened."""
        path = Path(str(super().convert(value, param, ctx)))
        if path.name != str(path) or path.exists():
            return path
        try:
            usual = default_sessions_dir() / path
        except InputError:
            return path
        return usual if SessionFolder(usual).journal.exists() else path

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Complete the sessions in the default folder, newest first, else folders."""
        with contextlib.suppress(InputError):
            found = sorted(default_sessions_dir().glob(f"{incomplete}*/journal.jsonl"), reverse=True)
            if found and "/" not in incomplete:
                return [CompletionItem(each.parent.name) for each in found]
        return super().shell_complete(ctx, param, incomplete)
