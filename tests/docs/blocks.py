"""The code blocks of the README and the manual, and how each is run.

A block with a title (```` ```yaml title="mine.yaml" ````) is that file. A `text` block whose first line is `$ clca ...`
has what that command prints, with `...` for what is left out. A comment on the line before a block may say that

- `first command`: it is run as large as it is;
- `slow: WHY`: the slow tier runs it, and what the gate runs in its place;
- `needs a GPU`: `tests/vllm` runs it, with vLLM's build for CPUs;
- `run by TEST`: that test runs it;
- `not run: WHY`: no test can run it.
"""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.cli_process import clca, python

ROOT = Path(__file__).parents[2]
PAGES = ("README.md", *sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").rglob("*.md")))
TEXTS = {page: (ROOT / page).read_text(encoding="utf-8") for page in PAGES}
FENCE = re.compile(
    r"^(?: *<!-- (?P<mark>[^\n]*) -->\n)?"
    r"^(?P<indent> *)```(?P<language>\w+)(?: title=\"(?P<title>[^\"\n]+)\")?[^\n]*\n(?P<code>.*?)^(?P=indent)```$",
    re.MULTILINE | re.DOTALL,
)
SHELL = ("sh", "bash")
SLOW = "slow: "
ELSEWHERE = (SLOW, "needs a GPU", "run by ", "not run: ", "test command")
QUOTED = re.compile(r"'[^']*'|\"[^\"$`]*\"")
SECONDS = 900  # patient: others may be at work on this machine


@dataclass(frozen=True, slots=True)
class Block:
    """One code block: its page and line, language, title, the mark before it, and its text."""

    page: str
    line: int
    language: str
    title: str
    mark: str
    code: str

    @property
    def place(self) -> str:
        return f"{self.page}:{self.line}"

    @property
    def is_checked(self) -> bool:
        """Whether it has to be run, or to say why not."""
        shown = self.language == "text" and self.code.startswith("$ clca ")
        return shown or bool(self.title) or self.language in (*SHELL, "python")

    @property
    def runs_in_the_gate(self) -> bool:
        return self.is_checked and not self.mark.startswith(ELSEWHERE)


def blocks(page: str) -> list[Block]:
    """The blocks of a page in their order."""
    text = TEXTS[page]
    return [
        Block(
            page,
            text.count("\n", 0, found.start("language")) + 1,
            found["language"],
            found["title"] or "",
            found["mark"] or "",
            re.sub(rf"^{found['indent']}", "", found["code"], flags=re.MULTILINE),
        )
        for found in FENCE.finditer(text)
    ]


def marked(mark: str) -> list[Block]:
    """The blocks of all pages with this mark."""
    return [block for page in PAGES for block in blocks(page) if block.mark == mark]


def run(block: Block, folder: Path, env: dict[str, str], replace: dict[str, str]) -> str:
    """Write or run a block in a folder; returns what it printed. `replace` maps patterns of its text to others."""
    code = block.code
    for pattern, value in replace.items():
        code = re.sub(pattern, value, code)
    if block.title:
        path = folder / block.title
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(code, encoding="utf-8")
        return ""
    if block.language == "text":
        return shows(block, folder, env)
    if block.language == "python":
        return check(block, code, python(folder, code, **env))
    plain = list(commands(code))
    if all(plain):
        return "".join(check(block, " ".join(words), clca(folder, *words[1:], **env)) for words in plain)
    return check(block, code, shell(folder, code, env))


def shows(block: Block, folder: Path, env: dict[str, str]) -> str:
    """Run the command in the first line of a block whose other lines are what it prints, but for its `...`."""
    command, _, shown = block.code.removeprefix("$ ").partition("\n")
    printed = check(block, command, clca(folder, *shlex.split(command)[1:], **env))
    for part in re.split(r"^\.\.\.$", shown, flags=re.MULTILINE):
        assert " ".join(part.split()) in " ".join(printed.split()), f"{block.place}\n{part}\nis not in\n{printed}"
    return printed


def commands(code: str) -> Iterator[list[str]]:
    """The words of each command of a script; none for what only a shell can run."""
    for line in code.replace("\\\n", " ").splitlines():
        words = shlex.split(line, comments=True)
        if words:
            special = re.search(r"[|&;<>()$`*?~]", QUOTED.sub("", re.sub(r"(^|\s)#.*", "", line)))
            yield words if words[0] == "clca" and not special else []


def shell(folder: Path, code: str, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", code],
        cwd=folder,
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )


def check(block: Block, code: str, done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 0, f"{block.place}\n{code}\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
    return done.stdout
