"""`python planted.py FOLDER COUNT SOURCE...`: a run of as many dialogues, some of which are planted.

A tenth are rehearsed dialogues of SOURCE as they are. The others have the turns of one of them with the words drawn
anew, by how frequent they are there. Planted are near-copies, in which a share of the words is drawn anew, and texts of
evaluations, put into a turn as they are or with one word changed. `planted.json` says which, beside the run.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

from clca.contamination.evaluations import find_evaluations
from clca.contamination.index import ContaminationIndex
from clca.contamination.run_length import EvaluationTexts
from clca.content.lookup import Content
from clca.quality.duplicates import jaccard
from clca.tokens import has_spaces, shingles, tokens

COPIES = 25  # one dialogue of so many is the original of a near-copy
TEXTS = 50  # one of so many holds a text of an evaluation
CHANGED = (0.0, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1)  # shares of words that near-copies have drawn anew


def write(folder: Path, count: int, sources: list[Path]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    random, planted = Random(1), dict[str, dict[str, Any]]()
    rehearsed = [json.loads(line) for source in sources for line in source.read_text(encoding="utf-8").splitlines()]
    words = [word for record in rehearsed for turn in record["turns"] for word in turn["text"].split()]
    items = list(_items())
    with (folder / "dialogues.jsonl").open("w", encoding="utf-8") as file:
        written, waiting = 0, list[tuple[str, dict[str, Any]]]()
        while written < count:
            record = json.loads(json.dumps(rehearsed[written % len(rehearsed)]))
            if written >= min(count // 10, len(rehearsed)):
                for turn in record["turns"]:
                    turn["text"] = " ".join(random.choices(words, k=len(turn["text"].split())))
            _name(record, written)
            if written % TEXTS == 7:
                evaluation, item, text = items[written // TEXTS % len(items)]
                changed = written % (2 * TEXTS) == 7
                planted[record["id"]] = {"evaluation": evaluation, "item": item, "changed": changed}
                turn = record["turns"][len(record["turns"]) // 2]
                turn["text"] = f"{turn['text']} {_changed(text, random) if changed else text} {turn['text']}"
            elif written % COPIES == 3 and written < count - COPIES:
                waiting.append((record["id"], json.loads(json.dumps(record))))
            elif waiting and written % COPIES == 20:
                original, record = waiting.pop(0)
                before = _shingles(record)
                share = CHANGED[written // COPIES % len(CHANGED)]
                for turn in record["turns"]:
                    new = [random.choice(words) if random.random() < share else word for word in turn["text"].split()]
                    turn["text"] = " ".join(new)
                _name(record, written)
                similarity = jaccard(before, _shingles(record))
                planted[record["id"]] = {"original": original, "jaccard": similarity}
            file.write(json.dumps(record, ensure_ascii=False) + "\n")
            written += 1
    counts = {"requested": count, "kept": count}
    info = {"culture": "japan", "created": "2026-01-01", "finished": True, "counts": counts, "inputs": {}}
    (folder / "run.json").write_text(json.dumps(info), encoding="utf-8")
    (folder / "planted.json").write_text(json.dumps(planted), encoding="utf-8")


def _name(record: dict[str, Any], number: int) -> None:
    record["id"], record["scenario"]["id"], record["culture"] = f"d{number}", f"s{number}", "japan"


def _shingles(record: dict[str, Any]) -> set[str]:
    return shingles(tokens("\n".join(turn["text"] for turn in record["turns"] if turn["text"])))


def _items() -> Iterator[tuple[str, str, str]]:
    """(evaluation, item, text) of all texts that are long enough to be found."""
    for evaluation in find_evaluations(Content(), None, {"HF_HUB_CACHE": "/nowhere"}).texts:
        for item, text in evaluation.texts:
            alone = EvaluationTexts(evaluation.name, evaluation.length, [(item, text)])
            if ContaminationIndex([alone]).references[0].compared:
                yield evaluation.name, item, " ".join(text.split())


def _changed(text: str, random: Random) -> str:
    """The text with one word, or one character where there are no spaces, changed."""
    parts = text.split() if has_spaces(tokens(text)) else list(text)
    parts[random.randrange(len(parts))] = "zebra" if has_spaces(tokens(text)) else "龘"
    return (" " if has_spaces(tokens(text)) else "").join(parts)


if __name__ == "__main__":
    write(Path(sys.argv[1]), int(sys.argv[2]), [Path(source) for source in sys.argv[3:]])
