"""Python, clca and the libraries of its extras, by the metadata of what is installed. No library is imported."""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, metadata, requires, version

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

import clca
from clca.doctor.finding import Finding

OWN_TOPIC = frozenset({"vllm"})  # which may be installed elsewhere
FOR_DEVELOPERS = frozenset({"docs", "test"})


def installation() -> Iterator[Finding]:
    """Python and clca, what clca needs always, and each extra with what it lacks."""
    yield _python()
    yield Finding(topic="Python", name="clca", value=clca.__version__)
    lacking = shortages("")
    if lacking:
        fix = "`pip install .` in clca's source folder"
        yield Finding(topic="Python", name="needed always", state="fault", value=f"lacks {', '.join(lacking)}", fix=fix)
    for extra in extras():
        lacking = shortages(extra)
        yield Finding(
            topic="Extras",
            name=extra,
            state="absent" if lacking else "ok",
            value=f"lacks {', '.join(lacking)}" if lacking else "complete",
            fix=install_command(extra) if lacking else "",
        )


def extras() -> list[str]:
    """The extras that a user may install, but for vLLM's; none where clca runs from a folder uninstalled."""
    try:
        names = metadata("clca").get_all("Provides-Extra") or []
    except PackageNotFoundError:
        return []
    return sorted(name for name in names if name not in OWN_TOPIC | FOR_DEVELOPERS)


def shortages(extra: str) -> list[str]:
    """What an extra, or "" for what is needed always, lacks here: a name, or a name with the version that is wanted."""
    return [
        shown
        for requirement in _requirements(extra)
        if (shown := _shortage(requirement.name, requirement.specifier)) is not None
    ]


def wanted(extra: str, name: str) -> SpecifierSet:
    """The versions of a package that an extra takes."""
    return next((wish.specifier for wish in _requirements(extra) if wish.name == name), SpecifierSet())


def install_command(extra: str) -> str:
    """The command that brings an extra."""
    return f"`pip install '.[{extra}]'` in clca's source folder"


def _python() -> Finding:
    wanted_versions = SpecifierSet(_required_python())
    running = platform.python_version()
    right = wanted_versions.contains(running, prereleases=True)
    return Finding(
        topic="Python",
        name="Python",
        state="ok" if right else "fault",
        value=f"{running} ({sys.prefix})",
        fix="" if right else f"use Python {wanted_versions}",
    )


def _required_python() -> str:
    try:
        return next(iter(metadata("clca").get_all("Requires-Python") or []), "")
    except PackageNotFoundError:
        return ""


def _requirements(extra: str) -> list[Requirement]:
    try:
        lines = requires("clca") or []
    except PackageNotFoundError:
        return []
    needed = []
    for requirement in map(Requirement, lines):
        always = requirement.marker is None or requirement.marker.evaluate({"extra": ""})
        named = requirement.marker is None or requirement.marker.evaluate({"extra": extra})
        if always if not extra else named and not always:
            needed.append(requirement)
    return needed


def _shortage(name: str, specifier: SpecifierSet) -> str | None:
    try:
        installed = version(name)
    except PackageNotFoundError:
        return name
    return None if specifier.contains(installed, prereleases=True) else f"{name}{specifier} ({installed} is here)"
