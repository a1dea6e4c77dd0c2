"""The sheet that people judge by: a CSV file of dialogues without verdicts, shuffled, and their labels read back.

A row is known by a code that tells nothing of the dialogue. Half of the rows are sound, as far as there are enough
flawed ones; people may judge as many as they like, from the top: any first rows are a random sample.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Sequence
from pathlib import Path

from clca.content.decoding import decode_text
from clca.errors import ContentError, StoreError
from clca.printable import csv_cell
from clca.quality.audit.items import Item
from clca.records import Culture, Participant
from clca.safe_open import read_bytes
from clca.seeding import Rng
from clca.storage.atomic import atomic_write, write_errors
from clca.transcript import line

COLUMNS = ("code", "culture", "setting", "first", "second", "dialogue", "verdict", "comment")
VERDICTS = {"good": False, "bad": True}


def code(item: Item, seed: int) -> str:
    """What an item is called on the sheet; a spreadsheet reads it as no number."""
    return f"D{hashlib.sha256(f'{seed} {item.id}'.encode()).hexdigest()[:10]}"


def on_sheet(items: Sequence[Item], seed: int) -> list[Item]:
    """The items of the sheet in its order: all measured sound ones, and as many of the flawed ones, drawn."""
    measured = [item for item in items if item.measured]
    sound = [item for item in measured if item.is_sound]
    flawed = Rng(seed, "sheet").shuffled(item for item in measured if not item.is_sound)
    return sorted([*sound, *flawed[: len(sound)]], key=lambda item: code(item, seed))


def write_sheet(path: Path, items: Sequence[Item], cultures: dict[str, Culture], seed: int) -> int:
    """Write the sheet; returns the number of its dialogues.

    Raises `StoreError` where the file is there and is not the same sheet, untouched: it may hold somebody's labels.
    """
    shown = on_sheet(items, seed)
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(COLUMNS)
    for item in shown:
        first, second = (_person(person) for person in item.scenario.participants)
        talk = "\n".join(f"{number}. {line(turn)}" for number, turn in enumerate(item.turns, start=1))
        culture = cultures[item.id]
        names = culture.name if culture.guest is None else f"{culture.name} (first), {culture.guest.name} (second)"
        texts = (names, item.scenario.setting, first, second, talk)
        writer.writerow([code(item, seed), *map(csv_cell, texts), "", ""])
    text = "\ufeff" + file.getvalue()  # by its mark spreadsheets know that it is UTF-8
    if path.exists() or path.is_symlink():
        if _read(path) != text.encode():
            raise StoreError(f"{path} would be replaced, and may hold labels: give --sheet another name")
        return len(shown)
    with write_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    atomic_write(path, text)
    return len(shown)


def read_labels(path: Path, items: Sequence[Item], seed: int) -> dict[str, bool]:
    """Whether people call each item bad, by its id; rows without a verdict are left out.

    Raises `ContentError` for a file that is no sheet of this audit, with the line, and `StoreError`.
    """
    text = decode_text(str(path), _read(path))
    separator = ";" if text.partition("\n")[0].count(";") > text.partition("\n")[0].count(",") else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    known = {code(item, seed): item.id for item in items}
    labels: dict[str, bool] = {}
    seen: set[str] = set()
    try:
        head = [name.strip().casefold() for name in next(reader, [])]
        if twice := [name for name in ("code", "verdict") if head.count(name) > 1]:
            raise ContentError(str(path), 1, f"the column {twice[0]!r} stands here twice: remove one of them")
        if missing := [name for name in ("code", "verdict") if name not in head]:
            raise ContentError(str(path), 1, f"no column {missing[0]!r}; a sheet of --sheet has {', '.join(COLUMNS)}")
        for row in reader:
            _read_row(path, reader.line_num, dict(zip(head, row, strict=False)), known, seen, labels)
    except csv.Error as error:
        raise ContentError(str(path), reader.line_num, f"no CSV: {error}") from None
    if not labels:
        raise ContentError(str(path), None, "no verdict yet: write good or bad into the column 'verdict'")
    return labels


def _read_row(
    path: Path, number: int, row: dict[str, str], known: dict[str, str], seen: set[str], labels: dict[str, bool]
) -> None:
    name, verdict = (row.get(key, "").strip() for key in ("code", "verdict"))
    if not any(cell.strip() for cell in row.values()):
        return
    if name not in known:
        raise ContentError(
            str(path), number, f"no dialogue {name!r} in this audit: give the runs, the seed and the flaws of the sheet"
        )
    if name in seen:
        raise ContentError(str(path), number, f"{name} stands here twice")
    seen.add(name)
    if not verdict:
        return
    if verdict.casefold() not in VERDICTS:
        raise ContentError(str(path), number, f"verdict {verdict!r}: write good or bad, or nothing")
    labels[known[name]] = VERDICTS[verdict.casefold()]


def _person(person: Participant) -> str:
    parts = (
        f"{person.name}, {person.age}, {person.gender}, {person.occupation}",
        person.background,
        f"Goal: {person.goal}",
        f"Secret: {person.secret}" if person.secret else "",
    )
    return "\n".join(part for part in parts if part)


def _read(path: Path) -> bytes:
    try:
        return read_bytes(path)
    except OSError as error:
        raise StoreError(f"cannot read {path}: {error.strerror}") from None
