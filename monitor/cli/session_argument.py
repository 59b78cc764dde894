"""The argument SESSION of commands: a folder, or the name of one in the usual place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from monitor.session.folder import SessionFolder, default_sessions_dir


class SessionPath(click.Path):
    """A session folder; a bare name that is none here is looked for where `watch` saves by default."""

    def __init__(self) -> None:
        super().__init__(path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """Return the folder; whether it is a session is seen when it is opened."""
        path = Path(str(super().convert(value, param, ctx)))
        usual = default_sessions_dir() / path
        is_bare = path.name == str(path)
        return usual if is_bare and not path.exists() and SessionFolder(usual).journal.exists() else path

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Offer the sessions in the usual place, newest first, else folders."""
        found = sorted(default_sessions_dir().glob(f"{incomplete}*/journal.jsonl"), reverse=True)
        if found and "/" not in incomplete:
            return [CompletionItem(each.parent.name) for each in found]
        return super().shell_complete(ctx, param, incomplete)
