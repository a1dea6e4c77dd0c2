"""What a record says of its making: the time, and the versions of the software."""

from __future__ import annotations

import platform
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version

import clca


def now() -> str:
    """The time (UTC) in ISO 8601, to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def versions(libraries: Iterable[str]) -> dict[str, str]:
    """The versions of Python, of clca and of those of the libraries that are installed."""
    installed = {"python": platform.python_version(), "clca": clca.__version__}
    for library in libraries:
        with suppress(PackageNotFoundError):
            installed[library] = version(library)
    return installed
