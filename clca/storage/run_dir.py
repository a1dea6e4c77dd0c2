"""A run's folder, open: locked while in use, consistent whatever happened before.

`generated/<culture>/<run>/` holds `dialogues.jsonl`, `discarded.jsonl`, `failed.jsonl`, `run.json`
and `journal.sqlite`.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

from pydantic_core import from_json

from clca.errors import ContentError, StoreError
from clca.storage.atomic import lock, write_whole
from clca.storage.jsonl import LineFile, line_number, read_lines
from clca.storage.reply_cache import FinishedDialogue, Outcome, ReplyCache

FILES: dict[Outcome, str] = {"kept": "dialogues.jsonl", "discarded": "discarded.jsonl", "failed": "failed.jsonl"}


class RunDir:
    """An open run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"cannot write to {folder}: {error.strerror}; choose another folder with --out") from None
        with ExitStack() as opened:
            opened.callback(os.close, lock(folder))
            self._files = {outcome: LineFile(folder / name) for outcome, name in FILES.items()}
            for file in self._files.values():
                opened.callback(file.close)
            self.reply_cache = ReplyCache(folder / "journal.sqlite")
            opened.callback(self.reply_cache.close)
            self._reconcile()
            self._opened = opened.pop_all()
        self._fault: Exception | None = None
        self._queue: list[tuple[FinishedDialogue, bytes, asyncio.Future[None]]] = []
        self._flusher: asyncio.Task[None] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the files and give up the lock."""
        self._opened.close()

    async def finish(self, row: FinishedDialogue, line: bytes) -> None:
        """Put a finished dialogue on disk; returns once its line is synced and indexed.

        Dialogues that finish together share one sync. After a fault (a full disk) nothing more is
        written: the files may be ahead of the index, which is set right when the run is opened again.
        """
        done = asyncio.get_running_loop().create_future()
        self._queue.append((row, line, done))
        if self._flusher is None or self._flusher.done():
            self._flusher = asyncio.create_task(self._flush())
        await done

    async def drain(self) -> None:
        """Wait until all that was handed to `finish` is on disk, or has failed to get there."""
        if self._flusher is not None:
            await asyncio.wait([self._flusher])  # unlike awaiting it, leaves it alone when cancelled

    async def _flush(self) -> None:
        while self._queue:
            batch, self._queue = self._queue, []
            try:
                if self._fault is not None:
                    raise self._fault
                touched = []
                for outcome, file in self._files.items():
                    lines = [line for row, line, _ in batch if row.outcome == outcome]
                    if lines:
                        file.append(lines)
                        touched.append(file)
                await asyncio.to_thread(_sync, touched)
                self.reply_cache.finish([row for row, _, _ in batch], self._extents())
            except Exception as error:
                self._fault = error
                for _, _, done in batch:
                    if not done.done():
                        done.set_exception(error)
                continue
            for _, _, done in batch:
                if not done.done():
                    done.set_result(None)

    def failures(self) -> Iterator[bytes]:
        """The lines of `failed.jsonl`."""
        for _, line in read_lines(self._files["failed"].path):
            yield line

    def retry(self, ids: list[str], anew: set[str]) -> None:
        """Make all failed dialogues, `ids`, pending again, and count a retry of each question in `anew`.

        Killed halfway, the dialogues are pending or failed, never lost.
        """
        self._files["failed"].cut(0)
        self._files["failed"].sync()
        self.reply_cache.retry(ids, sorted(anew), 0)

    def write_info(self, data: dict[str, Any]) -> None:
        """Write `run.json`, whole or not at all."""
        write_whole(self.folder / "run.json", json.dumps(data, indent=2, ensure_ascii=False) + "\n")

    def _extents(self) -> dict[Outcome, int]:
        return {outcome: file.length for outcome, file in self._files.items()}

    def _reconcile(self) -> None:
        """Bring the index up to the files: they may be ahead (killed between line and index),
        end in half a line (killed or out of disk while writing), or have been edited by hand."""
        known = self.reply_cache.extents()
        edited = any(file.length < known.get(outcome, 0) for outcome, file in self._files.items())
        rows: list[FinishedDialogue] = []
        seen = set() if edited else self.reply_cache.finished()
        for outcome, file in self._files.items():
            whole = 0 if edited else known.get(outcome, 0)
            for end, line in read_lines(file.path, whole):
                row = index_entry(file.path, outcome, line, offset=whole)
                if row.id in seen:
                    number = line_number(file.path, whole)
                    raise StoreError(f"{file.path}:{number}: {row.id} stands twice in this run; remove this line")
                seen.add(row.id)
                rows.append(row)
                whole = end
            if whole < file.length:
                file.cut(whole)
        if edited:
            self.reply_cache.rebuild(rows, self._extents())
        elif rows:
            self.reply_cache.finish(rows, self._extents())


def _sync(files: list[LineFile]) -> None:
    for file in files:
        file.sync()


def index_entry(path: Path, outcome: Outcome, line: bytes, offset: int) -> FinishedDialogue:
    """The index row of the line that begins at byte `offset`."""
    try:
        data = from_json(line)
        usage = data["usage"]
        return FinishedDialogue(
            id=data["id"],
            outcome=outcome,
            reason=data["reason"] or None,
            requests=usage["requests"],
            prompt_tokens=usage["prompt_tokens"],
            completion_tokens=usage["completion_tokens"],
            planted=data.get("planted") or None,
        )
    except (ValueError, KeyError, TypeError) as error:
        what = f"not a record of a run ({error}); remove the line: {line[:60]!r}"
        raise ContentError(str(path), line_number(path, offset), what) from None
