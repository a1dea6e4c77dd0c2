"""The model card of an adapter: what it was taught, how, and from what, for those who find it on a shelf."""

from __future__ import annotations

import json

from clca.models import tiny
from clca.models.adapter import FILE
from clca.models.adapter_info import AdapterInfo
from clca.printable import markdown_text, printable


def card(adapter: AdapterInfo, name: str) -> str:
    """The model card of an adapter in a folder of that name."""
    base = tiny.NAME if adapter.student.tiny else adapter.student.source
    front = {
        "base_model": printable(base),
        "library_name": "peft",
        "pipeline_tag": "text-generation",
        "tags": ["clca", "lora", *(["rehearsal"] if adapter.rehearsal else [])],
    }
    lines = [
        "---",
        *(f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in front.items()),
        "---",
        "",
        f"# {markdown_text(name)}",
        "",
    ]
    if adapter.rehearsal:
        lines += [f"**REHEARSAL: {markdown_text('; '.join(adapter.because))}. It says nothing of any culture.**", ""]
    lora = adapter.recipe["lora"]
    trained, tokens = sum(adapter.train.trained.values()), sum(adapter.train.tokens.values())
    held_out = "none held out" if adapter.eval_loss is None else f"{adapter.eval_loss:.4f}, the mean over batches"
    facts = {
        "cultures": ", ".join(adapter.cultures),
        "student": base + (f" at {adapter.student.revision}" if adapter.student.revision else ""),
        "recipe": f"{adapter.recipe['name']} (sha256 {adapter.recipe_sha256[:12]})",
        "mix": adapter.recipe["data"]["mix"],
        "LoRA": f"r {lora['r']}, alpha {lora['alpha']:g}, dropout {lora['dropout']:g}, {', '.join(lora['targets'])}",
        **({"trained whole": ", ".join(lora["save"])} if lora.get("save") else {}),
        "base weights": f"{adapter.recipe['base']['bits']} bit, computed in {adapter.compute}",
        "examples": f"{adapter.examples:,} ({', '.join(f'{n:,} {task}' for task, n in adapter.train.rows.items())})",
        "tokens": f"{tokens:,}, of which {trained:,} carry loss",
        "steps": f"{adapter.steps:,}" + (f", the best at {adapter.best_step:,}" if adapter.best_step else ""),
        "loss": f"{adapter.loss:.4f}",
        "held-out loss": held_out,
        "time": f"{adapter.seconds:,.0f} s on {adapter.processes} x {adapter.device},"
        f" {adapter.tokens_per_second:,.0f} tokens/s",
    }
    lines += ["| | |", "|---|---|", *(f"| {key} | {markdown_text(value)} |" for key, value in facts.items()), ""]
    if adapter.lineage:
        lines += ["Learned from the kept dialogues of:", ""]
        lines += [
            f"- {markdown_text(run.run)}: {run.dialogues:,} dialogues, sha256 {run.sha256[:12]}"
            for run in adapter.lineage
        ]
        lines += [""]
    return "\n".join([*lines, f"`{FILE}` holds the whole recipe, all digests and library versions.", ""])
