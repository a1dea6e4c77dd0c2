"""`clca adapters` on the terminal: the adapters, the provenance of adapter, merging."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from rich.table import Table

from clca.cli.views.screen import make_console, print_json, styled
from clca.cli.views.selection import show_selections
from clca.cli.views.training_plan import duration
from clca.cli.views.wrapping import command
from clca.content.lookup import Content, find_workspace
from clca.errors import ClcaError, ContentError, NotFoundError
from clca.inference.vllm.command import max_lora_rank
from clca.models import ModelCatalogue
from clca.models.adapter import FILE, TrainedAdapter, find_adapters, list_adapters
from clca.models.adapter_info import AdapterInfo, LossPoint
from clca.models.adapter_selection import select_adapter
from clca.printable import one_line
from clca.shell import command_line
from clca.storage.selection import Selection
from clca.training.requirements import require_libraries

WIDTH = 14  # of the left column
POINTS = 12  # losses to show


def show_adapters(out: Path, *, as_json: bool) -> None:
    """Print every adapter in a folder as a table or as JSON lines. Raises `NotFoundError` if there is none."""
    screen = make_console(stderr=True)

    def skip(error: ClcaError) -> None:
        screen.print(f"skipped: {one_line(error.message)}")

    adapters = list_adapters(out, skip)
    if as_json:
        for adapter in adapters:
            print_json({"adapter": str(adapter.folder), **_facts(adapter)})
        return
    if not adapters:
        raise NotFoundError(f"there are no adapters in {out}/ (make one with `clca train`, or give --out)")
    table = Table(box=None, padding=(0, 2, 0, 0))
    for column in ("adapter", "made", "student", "recipe", "examples", "steps", "loss", "held out", ""):
        table.add_column(column, justify="right" if column in ("examples", "steps", "loss", "held out") else "left")
    for adapter in adapters:
        data = adapter.data
        cells = (
            adapter.name,
            data.created[:16].replace("T", " "),
            data.student.name,
            adapter.taught.removeprefix("recipe "),
            f"{data.examples:,}",
            f"{data.steps:,}",
            f"{data.loss:.3f}",
            "-" if data.eval_loss is None else f"{data.eval_loss:.3f}",
            "rehearsal" if data.rehearsal else "",
        )
        table.add_row(*map(one_line, cells))
    make_console().print(table)


def show_adapter(name: str, out: Path, *, as_json: bool) -> None:
    """Print where one adapter comes from and how to serve it. Raises `NotFoundError` for an unknown name."""
    adapters = _find(name, out)
    adapter, others = adapters[-1], {str(other.folder): other.taught for other in adapters[:-1]}
    reason = f"the newest of {len(adapters)} adapters"
    show_selections([Selection(target=name, taken=(str(adapter.folder),), reason=reason, others=others)])
    if as_json:
        print_json({"adapter": str(adapter.folder), **adapter.data.model_dump(mode="json")}, indent=2)
        return
    try:
        rows = list(_rows(adapter))
    except KeyError as error:
        raise ContentError(str(adapter.folder / FILE), None, f"recipe: {error.args[0]}: missing key") from None
    except (TypeError, ValueError, AttributeError, ArithmeticError) as error:
        raise ContentError(str(adapter.folder / FILE), None, f"holds what no training writes: {error}") from None
    console = make_console()
    console.print(str(adapter.folder), style="bold")
    for key, value in rows:
        console.print(styled(f"{key:<{WIDTH}}", value))


def merge_adapter(name: str, target: Path, out: Path, *, as_json: bool) -> None:
    """Merge an adapter into its base model, write the whole model to a new folder, and print that folder."""
    require_libraries()
    from clca.training.merge import merge, require_memory

    adapter, selection = select_adapter(name, _find(name, out), advice="a folder of one of them")
    show_selections([selection])
    require_memory(adapter, ModelCatalogue(Content(find_workspace())), os.environ)
    screen = make_console(stderr=True)
    with screen.status(styled(f"Merging {adapter.folder} into {adapter.source}")):
        merged = merge(adapter, target)
    if as_json:
        print_json({"model": str(merged), "adapter": str(adapter.folder)})
    else:
        screen.print(f"{merged} holds the whole model")


def _rows(adapter: TrainedAdapter) -> Iterator[tuple[str, str | tuple[str, str]]]:
    data = adapter.data
    lora, counts = data.recipe["lora"], data.train
    if data.rehearsal:
        yield "rehearsal", f"{'; '.join(data.because)}: it tells nothing about any culture"
    yield "taught", ", ".join(data.cultures)
    yield "student", data.student.source + (f" at {data.student.revision}" if data.student.revision else "")
    yield "recipe", f"{data.recipe['name']}, mix {data.recipe['data']['mix']}, seed {data.recipe['seed']}"
    whole = f"; trained whole: {', '.join(lora['save'])}" if lora.get("save") else ""
    yield "lora", f"r {lora['r']}, alpha {lora['alpha']:g}, on {', '.join(lora['targets'])}{whole}"
    yield (
        "made",
        f"{data.created[:16].replace('T', ' ')}, in {duration(data.seconds)}, {data.processes} x {data.device}",
    )
    for selection in data.selection:
        if selection.others:
            yield "runs", selection.line
    for run in data.lineage:
        yield "from", f"{run.run}: {run.dialogues:,} dialogues, sha256 {run.sha256[:12]}"
    tasks = ", ".join(f"{number:,} {task}" for task, number in counts.rows.items())
    yield (
        "examples",
        f"{data.examples:,} ({tasks}) in {data.rows:,} rows; {sum(data.held_out.rows.values()):,} held out",
    )
    if counts.items:
        yield "survey items", f"{len(counts.items)}: {', '.join(counts.items)}"
    yield "tokens", f"{sum(counts.tokens.values()):,}, {sum(counts.trained.values()):,} of them trained"
    for outcome, by_reason in (("cut", counts.cut), ("dropped", counts.dropped)):
        if any(by_reason.values()):
            yield outcome, ", ".join(f"{number:,} x {reason}" for reason, number in by_reason.items() if number)
    best = f", the best at {data.best_step:,}" if data.best_step else ""
    held_out = "" if data.eval_loss is None else f", held-out loss {data.eval_loss:.4f}"
    yield "steps", f"{data.steps:,}{best}: loss {data.loss:.4f}{held_out}; {data.tokens_per_second:,.0f} tokens/s"
    for title, losses in (
        ("loss", _sampled_losses(data, "loss")),
        ("held-out loss", _sampled_losses(data, "eval_loss")),
    ):
        if losses:
            yield title, ", ".join(f"{step}: {loss:.2f}" for step, loss in losses)
    yield "versions", ", ".join(f"{library} {version}" for library, version in data.versions.items())
    yield "PEFT", command(f"PeftModel.from_pretrained(model, {str(adapter.folder)!r})")
    if whole:
        merge = command_line("clca", "adapters", "merge", adapter.folder)
        yield "vLLM", f"serves no adapter with modules that are trained whole: `{merge}` and a new folder"
        return
    serve = (
        f"{command_line('vllm', 'serve', adapter.source)} --enable-lora --max-lora-rank {max_lora_rank(lora['r'])} \\"
    )
    yield "vLLM", command(serve)
    yield "", command(f"  --lora-modules {command_line(f'{adapter.folder.parent.name}={adapter.folder}')}")


def _sampled_losses(data: AdapterInfo, which: str) -> list[tuple[int, float]]:
    """At most `POINTS` pairs of step and loss, evenly spaced, with the first and the last."""
    losses = [(point.step, loss) for point in data.losses if (loss := _loss(point, which)) is not None]
    if len(losses) <= POINTS:
        return losses
    return [losses[round(index * (len(losses) - 1) / (POINTS - 1))] for index in range(POINTS)]


def _loss(point: LossPoint, which: str) -> float | None:
    return point.loss if which == "loss" else point.eval_loss


def _facts(adapter: TrainedAdapter) -> dict[str, object]:
    keys = ("created", "cultures", "rehearsal", "examples", "steps", "loss", "eval_loss", "seconds")
    return {
        **{key: adapter.data.model_dump(mode="json")[key] for key in keys},
        "student": adapter.data.student.name,
        "recipe": adapter.recipe,
        "mix": adapter.mix,
    }


def _find(name: str, out: Path) -> list[TrainedAdapter]:
    """The adapters that `find_adapters` finds, or those of the culture of that name, oldest first."""
    from clca.culture import CultureCatalogue

    try:
        return find_adapters(name, out)
    except NotFoundError as error:
        try:
            return find_adapters(CultureCatalogue(Content(find_workspace())).find(name), out)
        except NotFoundError:
            raise error from None
