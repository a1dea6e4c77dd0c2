"""The gallery of the manual, made anew: `python -m tests.docs.gallery WORK`.

In the folder WORK the studies `rehearsal` and `small` are carried out, or resumed: some ten minutes on two free cores.
The student of `small` is made by `tests/vllm/real_model.py`. Into `docs/gallery/` go their reports, some dialogues as
they are, and a picture of one.
"""

from __future__ import annotations

import html
import os
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

from clca.records import Dialogue, LabelledTurn
from tests.docs.blocks import ROOT

GALLERY = ROOT / "docs/gallery"
REHEARSAL, SMALL = "rehearsal", "small"
STUDENT, FOLDER = "HuggingFaceTB/SmolLM2-135M-Instruct", "smollm2-135m-instruct"  # of `small`: at the hub, and in WORK
KEPT = ("china", "germany")  # of each the first that was kept
PICTURED, FROM, TURNS = "china", 4, 3  # of the picture: whose first kept one, and which of its turns
HEAD = """# Dialogues, as they are

Of the study `rehearsal`: the first that was kept of each culture, then all that were discarded, each with the reason.
Every part is played by the rehearsal, a simulator; it plants known flaws in some dialogues, for the judge to find.
Made by `python -m tests.docs.gallery`.
"""


def main() -> None:
    """Carry out the studies, and replace what is in the gallery but for its reading."""
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    work = Path(sys.argv[1]).absolute()
    work.mkdir(exist_ok=True, parents=True)
    (work / "clca.toml").touch()
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, ROOT / "tests/vllm/real_model.py", work / FOLDER], check=True)
    small = (ROOT / "eval/studies" / f"{SMALL}.yaml").read_text(encoding="utf-8")
    assert STUDENT in small
    (work / f"{SMALL}.yaml").write_text(small.replace(STUDENT, f"./{FOLDER}"), encoding="utf-8")
    GALLERY.mkdir(exist_ok=True)
    for name, study in ((REHEARSAL, REHEARSAL), (SMALL, f"{SMALL}.yaml")):
        clca(work, env, "study", "run", study, "--quiet")
        clca(work, env, "report", "--study", name, "--dialogues", "1", "--out", f"{name}.html", "--quiet")
        shutil.copyfile(work / f"{name}.html", GALLERY / f"{name}.html")
    (GALLERY / "dialogues.md").write_text("\n".join(dialogues(work, env)), encoding="utf-8")
    kept = next(records(work, PICTURED, "dialogues.jsonl"))
    (GALLERY / "dialogue.svg").write_text(picture(kept, FROM, TURNS), encoding="utf-8")


def clca(folder: Path, env: dict[str, str], *arguments: str) -> str:
    """What the command prints. Raises `SystemExit` if it fails."""
    command = [sys.executable, "-m", "clca", *arguments]
    done = subprocess.run(command, cwd=folder, env=env, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        raise SystemExit(f"clca {' '.join(arguments)}: exit code {done.returncode}")
    return done.stdout


def records(work: Path, culture: str, name: str) -> Iterator[Dialogue]:
    """The dialogues in one file of the study's run of a culture."""
    (file,) = work.glob(f"generated/{culture}/rehearsal-s42-*/{name}")
    return map(Dialogue.model_validate_json, file.read_text(encoding="utf-8").splitlines())


def dialogues(work: Path, env: dict[str, str]) -> Iterator[str]:
    """The page of dialogues, as `clca show` prints them."""
    yield HEAD
    chosen = [next(records(work, culture, "dialogues.jsonl")) for culture in KEPT]
    chosen += [dialogue for culture in KEPT for dialogue in records(work, culture, "discarded.jsonl")]
    for dialogue in chosen:
        shown = clca(work, {**env, "COLUMNS": "100"}, "show", dialogue.run, dialogue.id)
        reason = f": {dialogue.reason}" if dialogue.reason else ""
        text = "\n".join(line.rstrip() for line in shown.rstrip().splitlines())
        yield f"## {dialogue.id}, {dialogue.verdict}{reason}\n\n```text\n{text}\n```\n"


def picture(dialogue: Dialogue, start: int, turns: int) -> str:
    """Some turns of a kept dialogue as an SVG: what each says, thinks and intends."""
    first = dialogue.turns[0].speaker
    lines = [*textwrap.wrap(dialogue.scenario.setting, 96), f"... {start} turns before"]
    parts, y = [_text(lines, 20, 30, "#555")], 24 + 20 * len(lines)
    for turn in dialogue.turns[start : start + turns]:
        assert isinstance(turn, LabelledTurn)
        speech = textwrap.wrap(f"{turn.speaker}: {turn.text}", 66)
        inner = [*textwrap.wrap(f"thinks: {turn.thought}", 74), *textwrap.wrap(f"intent: {turn.intent.text}", 74)]
        inner[-1] += f" ({turn.intent.relevance})"
        x, height = (20 if turn.speaker == first else 230), 20 * len(speech) + 16
        fill = "#e0f2f1" if turn.speaker == first else "#fff3e0"
        parts.append(f'<rect x="{x}" y="{y}" width="550" height="{height}" rx="10" fill="{fill}" stroke="#bbb"/>')
        parts.append(_text(speech, x + 14, y + 24, "#111"))
        parts.append(_text(inner, x + 14, y + height + 18, "#777", size=12, step=16))
        y += height + 16 * len(inner) + 28
    left = len(dialogue.turns) - start - turns
    parts.append(_text([f"... {left} more turns. Verdict: {dialogue.verdict}"], 20, y, "#555"))
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 800 {y + 20}" font-family="sans-serif">'
    title = f"<title>Turns of the dialogue {dialogue.id}, played by the rehearsal</title>"
    ground = '<rect width="100%" height="100%" fill="#fff"/>'
    return "\n".join([head, title, ground, *parts, "</svg>"]) + "\n"


def _text(lines: list[str], x: int, y: int, fill: str, *, size: int = 14, step: int = 20) -> str:
    spans = "".join(
        f'<tspan x="{x}" y="{y + step * number}">{html.escape(line)}</tspan>' for number, line in enumerate(lines)
    )
    return f'<text font-size="{size}" fill="{fill}">{spans}</text>'


if __name__ == "__main__":
    main()
