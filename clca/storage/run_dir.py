"""The open folder of a generation run: locked while it is open, and consistent after any kill.

`generated/<culture>/<run>/` holds `dialogues.jsonl`, `discarded.jsonl`, `failed.jsonl`, `rejected.jsonl`, `run.json`
and the reply cache, `journal.sqlite`.
"""

from __future__ import annotations

import asyncio
import codecs
import json
from collections.abc import Iterator, Set
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

from pydantic_core import from_json

from clca.content.decoding import decode_text
from clca.content.parsing import suggestion
from clca.errors import ContentError, StoreError
from clca.records import Rejection
from clca.storage.atomic import atomic_write, held_folder
from clca.storage.jsonl import LineFile, line_number
from clca.storage.kept_requests import RequestFile
from clca.storage.lock import folder_lock
from clca.storage.reply_cache import FinishedDialogue, Outcome, ReplyCache
from clca.storage.run_index import INFO

FILES: dict[Outcome, str] = {
    "kept": "dialogues.jsonl",
    "discarded": "discarded.jsonl",
    "failed": "failed.jsonl",
    "rejected": "rejected.jsonl",
}
NO_USAGE = {"requests": 0, "prompt_tokens": 0, "completion_tokens": 0}
REMOVED = "removed from dialogues.jsonl"
REPLY_CACHE = "journal.sqlite"


class RunDir:
    """An open run. Opening makes the folder if needed, and brings the index up to the JSONL files.

    A kept dialogue that somebody has removed from `dialogues.jsonl` is recorded as rejected; `rejected` are the ids of
    those found so by this opening. `cut` are the files whose last line was half a one, which is gone. `known` are the
    ids that the run may hold; without them, any. `requests` takes what is asked of teachers, with `keep_requests`.

    Raises `StoreError` if the folder is in use or cannot be written, lacks the file of its kept dialogues, or holds a
    dialogue twice or of another id, `ContentError` for a line that is no record.
    """

    def __init__(self, folder: Path, known: Set[str] | None = None, *, keep_requests: bool = False) -> None:
        self.folder, self._known = folder, known
        self.rejected, self.cut = tuple[str, ...](), tuple[Path, ...]()
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"cannot write to {folder}: {error.strerror}; choose another folder with --out") from None
        with ExitStack() as opened:
            opened.enter_context(folder_lock(folder))
            self._held = opened.enter_context(held_folder(folder))
            lacks_kept = not (self._held / FILES["kept"]).exists()
            self._files = {outcome: LineFile(folder / name, self._held) for outcome, name in FILES.items()}
            for file in self._files.values():
                opened.callback(file.close)
            self.reply_cache = ReplyCache(folder / REPLY_CACHE, self._held)
            opened.callback(self.reply_cache.close)
            self.requests = RequestFile(folder, self._held) if keep_requests else None
            if self.requests is not None:
                opened.callback(self.requests.close)
            if lacks_kept and self.reply_cache.extents().get("kept"):
                (self._held / FILES["kept"]).unlink()  # it was only opened: the next command finds it missing too
                raise StoreError(
                    f"{folder / FILES['kept']} is missing, and held the kept dialogues: restore it; or remove"
                    f" {folder / REPLY_CACHE} too, to have them generated again"
                )
            self._reconcile()
            self._opened = opened.pop_all()
        self._error: Exception | None = None
        self._queue: list[tuple[FinishedDialogue, bytes, asyncio.Future[None]]] = []
        self._flusher: asyncio.Task[None] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the files and release the lock."""
        self._opened.close()

    async def finish(self, dialogue: FinishedDialogue, line: bytes) -> None:
        """Write the line of a finished dialogue; returns once it is synced and indexed.

        Dialogues that finish together share one sync. After an error (a full disk) nothing more is written: the
        files may be ahead of the index, which is brought up to them when the run is opened again.
        """
        done = asyncio.get_running_loop().create_future()
        self._queue.append((dialogue, line, done))
        if self._flusher is None or self._flusher.done():
            self._flusher = asyncio.create_task(self._flush())
        await done

    async def drain(self) -> None:
        """Wait until every dialogue passed to `finish` is on disk, or could not be written."""
        if self._flusher is not None:
            await asyncio.wait([self._flusher])  # unlike awaiting it, leaves it alone when cancelled

    async def _flush(self) -> None:
        while self._queue:
            batch, self._queue = self._queue, []
            try:
                if self._error is not None:
                    raise self._error
                written = []
                for outcome, file in self._files.items():
                    lines = [line for dialogue, line, _ in batch if dialogue.outcome == outcome]
                    if lines:
                        file.append(lines)
                        written.append(file)
                await asyncio.to_thread(_sync, written)
                self.reply_cache.finish([dialogue for dialogue, _, _ in batch], self._extents())
            except Exception as error:
                self._error = error
                for _, _, done in batch:
                    if not done.done():
                        done.set_exception(error)
                continue
            for _, _, done in batch:
                if not done.done():
                    done.set_result(None)

    def failures(self) -> Iterator[bytes]:
        """Yield the lines of `failed.jsonl`."""
        for _, line in self._files["failed"].lines():
            yield line

    def retry(self, ids: list[str], questions: set[str]) -> None:
        """Make all failed dialogues, `ids`, pending again, and count one retry of each question that failed.

        Killed halfway, the dialogues are pending or failed, never lost.
        """
        self._files["failed"].cut(0)
        self._files["failed"].sync()
        self.reply_cache.retry(ids, sorted(questions), 0)

    def write_info(self, data: dict[str, Any]) -> None:
        """Replace `run.json`."""
        atomic_write(self._held / INFO, json.dumps(data, indent=2, ensure_ascii=False) + "\n")

    def _extents(self) -> dict[Outcome, int]:
        return {outcome: file.length for outcome, file in self._files.items()}

    def _reconcile(self) -> None:
        """Bring the index up to the files: they may be ahead of it (killed between line and index), end in half a
        line (killed or out of disk while writing), or have been edited by hand."""
        indexed = self.reply_cache.extents()
        edited = any(file.is_edited(indexed.get(outcome, 0)) for outcome, file in self._files.items())
        edited |= self._known is not None and not self.reply_cache.finished() <= self._known
        before = self.reply_cache.finished_dialogues() if edited else {}
        dialogues: list[FinishedDialogue] = []
        seen = set() if edited else self.reply_cache.finished()
        cut = set[Outcome]()
        for outcome, file in self._files.items():
            offset = 0 if edited else indexed.get(outcome, 0)
            for end, line in file.lines(offset):
                dialogue = index_entry(file.path, outcome, line, offset)
                if self._known is not None and dialogue.id not in self._known:
                    number, hint = line_number(file.path, offset), suggestion(dialogue.id, self._known, most=1)
                    raise StoreError(
                        f"{file.path}:{number}: {dialogue.id!r} is no dialogue of this run{hint}; correct the id, or"
                        " remove this line"
                    )
                if dialogue.id in seen:
                    number = line_number(file.path, offset)
                    raise StoreError(f"{file.path}:{number}: duplicate dialogue {dialogue.id}; remove this line")
                seen.add(dialogue.id)
                dialogues.append(dialogue)
                offset = end
            if offset < file.length:
                if file.has(b"\r", offset):  # JSON escapes it in texts
                    raise StoreError(f"{file.path}: its lines end in carriage returns alone; save it with line feeds")
                cut.add(outcome)
                file.cut(offset)
                self.cut += (file.path,)
        if edited:
            removed = [row for row in before.values() if row.outcome == "kept" and row.id not in seen]
            # Half a line at the end is no work of a person: what is missing was lost.
            dialogues += [] if "kept" in cut else self._reject(removed)
            self.reply_cache.rebuild(dialogues, self._extents())
        elif dialogues:
            self.reply_cache.finish(dialogues, self._extents())

    def _reject(self, removed: list[FinishedDialogue]) -> list[FinishedDialogue]:
        """Record dialogues that somebody has removed; returns their new index entries."""
        rows = [replace(row, outcome="rejected", reason=REMOVED, planted=None) for row in removed]
        if rows:
            records = [Rejection(id=row.id, reason=REMOVED, usage=row.usage) for row in rows]
            self._files["rejected"].append([record.model_dump_json().encode() + b"\n" for record in records])
            self._files["rejected"].sync()
            self.rejected = tuple(row.id for row in rows)
        return rows


def _sync(files: list[LineFile]) -> None:
    for file in files:
        file.sync()


def index_entry(path: Path, outcome: Outcome, line: bytes, offset: int) -> FinishedDialogue:
    """The index entry of the line at byte `offset` of a JSONL file. Raises `ContentError` if it is no record."""
    try:
        record = from_json(line if offset else line.removeprefix(codecs.BOM_UTF8))
        if outcome == "rejected":  # a person may write the id alone
            record = {"reason": REMOVED, "usage": NO_USAGE, **record}
        usage = record["usage"]
        requests, prompt_tokens, completion_tokens = counts = [usage[name] for name in NO_USAGE]
        if not isinstance(record["id"], str):
            raise TypeError("the id is no text")
        if not all(type(count) is int and 0 <= count < 2**53 for count in counts):
            raise TypeError("the usage holds what is no count")
        if not all(isinstance(words, str | None) for words in (record["reason"], record.get("planted"))):
            raise TypeError("the reason or the planted flaw is no text")
        return FinishedDialogue(
            id=record["id"],
            outcome=outcome,
            reason=record["reason"] or None,
            requests=requests,
            prompt_tokens=prompt_tokens,
            completion_tokens=completion_tokens,
            planted=record.get("planted") or None,
        )
    except (ValueError, KeyError, TypeError) as error:
        number = line_number(path, offset)
        if not decode_text(str(path), line, number).strip():
            raise ContentError(str(path), number, "an empty line; remove it") from None
        detail = f"not a record of a run ({error}); correct the line, or remove it: {line[:60]!r}"
        raise ContentError(str(path), number, detail) from None
