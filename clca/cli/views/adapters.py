"""Adapters as text for the terminal."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

from rich.markup import escape
from rich.table import Table
from rich.text import Text

from clca.cli.views.screen import make_console, printable
from clca.cli.views.training_plan import duration
from clca.content.lookup import Content, find_workspace
from clca.errors import ClcaError, NotFoundError, SettingsError
from clca.inference.hardware import machine
from clca.models import ModelCatalogue, find_model
from clca.models.adapter import AdapterInfo, LossPoint, TrainedAdapter, find_adapter, list_adapters
from clca.models.size import GIB
from clca.training.plan import require_libraries

WIDTH = 14  # of the left column
POINTS = 12  # losses to show


def show_adapters(out: Path, *, as_json: bool) -> None:
    screen = make_console(stderr=True)

    def skip(error: ClcaError) -> None:
        screen.print(f"skipped: {printable(error.message)}", markup=False)

    found = list(list_adapters(out, skip))
    if as_json:
        for one in found:
            print(json.dumps({"adapter": str(one.folder), **_facts(one.data)}, ensure_ascii=False))
        return
    if not found:
        raise NotFoundError(f"there are no adapters in {out}/ (make one with `clca train`, or give --out)")
    table = Table(box=None, padding=(0, 2, 0, 0))
    for column in ("adapter", "made", "student", "recipe", "examples", "steps", "loss", "held out", ""):
        table.add_column(column, justify="right" if column in ("examples", "steps", "loss", "held out") else "left")
    for one in found:
        data = one.data
        cells = (
            f"{one.folder.parent.name}/{one.folder.name}",
            data.created[:16].replace("T", " "),
            data.student.name,
            str(data.recipe["name"]),
            f"{data.examples:,}",
            f"{data.steps:,}",
            f"{data.loss:.3f}",
            "-" if data.eval_loss is None else f"{data.eval_loss:.3f}",
            "rehearsal" if data.rehearsal else "",
        )
        table.add_row(*(Text(printable(cell)) for cell in cells))
    make_console().print(table)


def show_adapter(name: str, out: Path, *, as_json: bool) -> None:
    one = _find(name, out)
    if as_json:
        print(json.dumps({"adapter": str(one.folder), **one.data.model_dump(mode="json")}, indent=2))
        return
    console = make_console()
    console.print(Text(printable(str(one.folder)), style="bold"))
    for key, value in _lines(one):
        console.print(f"{key:<{WIDTH}}{printable(value)}", markup=False)


def merge_adapter(name: str, target: Path, out: Path, *, as_json: bool) -> None:
    require_libraries()
    from clca.training.merge import merge

    one = _find(name, out)
    _require_room(one)
    screen = make_console(stderr=True)
    with screen.status(f"Merging {escape(str(one.folder))} into {escape(one.source)}"):
        merged = merge(one, target)
    if as_json:
        print(json.dumps({"model": str(merged), "adapter": str(one.folder)}))
    else:
        screen.print(f"{merged} holds the whole model", markup=False)


def _require_room(one: TrainedAdapter) -> None:
    """Refuse to merge into a student that the RAM does not hold in 32 bits: the system would end the process."""
    model = find_model(one.source, ModelCatalogue(Content(find_workspace())), os.environ)
    if model is None or not model.parameters:
        return
    needs, there = 4 * model.parameters, machine(os.environ).ram
    if needs > there:
        raise SettingsError(
            f"{one.source} takes {needs / GIB:.1f} GiB of RAM in 32 bits, as it is merged, and {there / GIB:.1f} GiB"
            " are free: merge on a machine with more"
        )


def _lines(one: TrainedAdapter) -> Iterator[tuple[str, str]]:
    data = one.data
    lora, tally = data.recipe["lora"], data.train
    if data.rehearsal:
        yield "rehearsal", f"{'; '.join(data.because)}: it says nothing of any culture"
    yield "taught", ", ".join(data.cultures)
    yield "student", data.student.source + (f" at {data.student.revision}" if data.student.revision else "")
    yield "recipe", f"{data.recipe['name']}, mix {data.recipe['data']['mix']}, seed {data.recipe['seed']}"
    yield "lora", f"r {lora['r']}, alpha {lora['alpha']:g}, on {', '.join(lora['targets'])}"
    yield (
        "made",
        f"{data.created[:16].replace('T', ' ')}, in {duration(data.seconds)}, {data.processes} x {data.device}",
    )
    for run in data.lineage:
        yield "from", f"{run.run}: {run.dialogues:,} dialogues, sha256 {run.sha256[:12]}"
    tasks = ", ".join(f"{number:,} {task}" for task, number in tally.rows.items())
    yield (
        "examples",
        f"{data.examples:,} ({tasks}) in {data.rows:,} rows; {sum(data.held_out.rows.values()):,} held out",
    )
    yield "tokens", f"{sum(tally.tokens.values()):,}, {sum(tally.trained.values()):,} of them trained"
    for what, counted in (("cut", tally.cut), ("dropped", tally.dropped)):
        if any(counted.values()):
            yield what, ", ".join(f"{number:,} x {why}" for why, number in counted.items() if number)
    best = f", the best at {data.best_step:,}" if data.best_step else ""
    held_out = "" if data.eval_loss is None else f", held-out loss {data.eval_loss:.4f}"
    yield "steps", f"{data.steps:,}{best}: loss {data.loss:.4f}{held_out}; {data.tokens_per_second:,.0f} tokens/s"
    for title, losses in (("loss", _course(data, "loss")), ("held-out loss", _course(data, "eval_loss"))):
        if losses:
            yield title, ", ".join(f"{step}: {loss:.2f}" for step, loss in losses)
    yield "versions", ", ".join(f"{library} {version}" for library, version in data.versions.items())
    yield "PEFT", f'PeftModel.from_pretrained(model, "{one.folder}")'
    yield "vLLM", f"vllm serve {one.source} --enable-lora --max-lora-rank {_rank(lora['r'])} \\"
    yield "", f"  --lora-modules {one.folder.parent.name}={one.folder}"


def _course(data: AdapterInfo, which: str) -> list[tuple[int, float]]:
    """The losses over time, a few of them, the first and the last included."""
    every = [(point.step, loss) for point in data.losses if (loss := _loss(point, which)) is not None]
    if len(every) <= POINTS:
        return every
    return [every[round(place * (len(every) - 1) / (POINTS - 1))] for place in range(POINTS)]


def _loss(point: LossPoint, which: str) -> float | None:
    return point.loss if which == "loss" else point.eval_loss


def _rank(r: int) -> int:
    """The least rank that vLLM can be told and that holds this one."""
    return next((rank for rank in (1, 8, 16, 32, 64, 128, 256, 320, 512) if rank >= r), r)


def _facts(data: AdapterInfo) -> dict[str, object]:
    keys = ("created", "cultures", "rehearsal", "examples", "steps", "loss", "eval_loss", "seconds")
    return {
        **{key: data.model_dump(mode="json")[key] for key in keys},
        "student": data.student.name,
        "recipe": data.recipe["name"],
    }


def _find(name: str, out: Path) -> TrainedAdapter:
    """An adapter by its names, or by any name of its culture."""
    from clca.culture import CultureCatalogue

    try:
        return find_adapter(name, out)
    except NotFoundError as error:
        try:
            return find_adapter(CultureCatalogue(Content(find_workspace())).find(name), out)
        except NotFoundError:
            raise error from None
