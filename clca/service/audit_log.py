"""Who did what: a line for each change that was asked for, and for each request that was refused for who sent it."""

from __future__ import annotations

from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

from clca.printable import json_text, one_line
from clca.safe_open import MIB
from clca.service.jobs.bounded_log import BoundedLog
from clca.storage.provenance import now
from clca.words import beginning

FILE = "audit.jsonl"
REFUSED = "refused.jsonl"
LONGEST = 300  # characters of a path or a reason


class AuditLog:
    """Appends to `audit.jsonl` of the service's folder; ten files of 10 MiB are kept.

    Who is refused without being known is in `refused.jsonl`, of which two are kept: strangers cannot ask so often that
    what others have done is forgotten.
    """

    def __init__(self, folder: Path) -> None:
        self._log = BoundedLog(folder / FILE, 10 * MIB, kept=9)
        self._refused = BoundedLog(folder / REFUSED, 10 * MIB, kept=1)

    @property
    def lost(self) -> int:
        """Lines that the disk did not take."""
        return self._log.lost + self._refused.lost

    def write(self, scope: MutableMapping[str, Any], status: int, reason: str = "") -> None:
        """Record a request, with what its route added to `audit` of its state."""
        identity = scope["state"].get("identity")
        entry = {
            "time": now(),
            "who": identity.name if identity else None,
            "role": identity.role if identity else None,
            "address": (scope.get("client") or ("",))[0],
            "method": scope["method"],
            "path": beginning(one_line(scope["path"]), LONGEST),
            "status": status,
            **({"reason": beginning(one_line(reason), LONGEST)} if reason else {}),
            **scope["state"].get("audit", {}),
        }
        log = self._refused if identity is None and status >= 400 else self._log
        log.write(json_text(entry).encode("utf-8", "backslashreplace") + b"\n")
