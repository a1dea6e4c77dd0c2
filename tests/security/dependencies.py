"""The table of `DEPENDENCIES.md`: what `pip install clca` and its extras bring, with its licences.

python -m tests.security.dependencies > DEPENDENCIES.md
"""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

HEAD = """# Dependencies and their licences

What `pip install clca` and its extras bring (all but `vllm`), in the versions of `constraints.txt`, as each package
states its licence. `tests/security/test_supply_chain.py` compares this table with what is installed.

| package | version | licence | needed for |
|---|---|---|---|
"""
EXTRAS = ("", "cluster", "docs", "embed", "eval", "export", "map", "quality", "report", "serve", "train")
ROOT = Path(__file__).parents[2]


def pins() -> dict[str, str]:
    """The versions of `constraints.txt` by normalised name."""
    lines = (line for line in (ROOT / "constraints.txt").read_text().splitlines() if line and not line.startswith("#"))
    return {normal(name): version for name, _, version in (line.partition("==") for line in lines)}


def normal(name: str) -> str:
    """The name as indexes write it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def needed(extra: str) -> set[str]:
    """The names of all that an installation with this extra brings, and that is installed here."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    requirements = project["dependencies"] + (project["optional-dependencies"][extra] if extra else [])
    found: set[str] = set()
    while requirements:
        wanted, _, marker = requirements.pop().partition(";")
        match = re.match(r"[\w.-]+", wanted)
        name = normal(match[0]) if match else ""
        package = _installed(name)
        if (
            package is not None
            and name in pins()
            and name not in found
            and not re.search("extra ==|Windows|win32", marker)
        ):
            found.add(name)
            requirements += package.requires or []
    return found


def _installed(name: str) -> Distribution | None:
    try:
        return distribution(name)
    except PackageNotFoundError:
        return None


def licence(package: Distribution) -> str:
    """The licence as the package states it: an expression, its classifiers, or the first line of its own words."""
    meta = package.metadata
    classes = [line.rpartition(" :: ")[2] for line in meta.get_all("Classifier", []) if line.startswith("License")]
    own = (meta.get("License") or "").strip().splitlines()
    return meta.get("License-Expression") or ", ".join(classes) or (own[0][:60] if own else "not stated")


def table() -> str:
    """The whole file."""
    uses = {extra: needed(extra) for extra in EXTRAS}
    rows = []
    for name in sorted(set().union(*uses.values())):
        package = distribution(name)
        needs = "all" if name in uses[""] else ", ".join(extra for extra in EXTRAS if extra and name in uses[extra])
        rows.append(f"| {name} | {pins()[name]} | {licence(package)} | {needs} |\n")
    return HEAD + "".join(rows)


if __name__ == "__main__":
    print(table(), end="")
