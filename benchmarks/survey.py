"""The measurements of survey scoring: on a shared prefix, against lm-eval on whole prompts; and on a GPU."""

from __future__ import annotations

import json
import sys
from importlib.util import find_spec
from itertools import chain

from benchmarks.processes import HERE, measure
from benchmarks.table import Row
from benchmarks.training import Bench

RESPONDENTS, ON_GPU = 4, 1000
NAME, GPU = "survey-scoring", "survey-gpu"


def scoring(bench: Bench) -> list[Row]:
    """44 questions to each of four personas of 150 tokens: prompts a CPU second, and peak memory."""
    if find_spec("lm_eval") is None:
        raise SystemExit(f"{NAME} compares with lm-eval, which is not here: pip install lm-eval")
    count = str(bench.size(RESPONDENTS))
    command = [sys.executable, str(HERE / "scoring.py")]
    used = {side: measure([*command, side, count], bench.place(NAME)) for side in ("clca", "lm-eval")}
    found = {side: json.loads(one.output.splitlines()[-1]) for side, one in used.items()}
    ours, peers = found["clca"], found["lm-eval"]
    pace = {side: one["prompts"] / one["seconds"] for side, one in found.items()}
    bound = ours["tokens"] / ours["tokens_once"]
    ratio = pace["clca"] / pace["lm-eval"]
    odds = [list(chain.from_iterable(one["odds"])) for one in (ours, peers)]
    apart = max(abs(one - other) for one, other in zip(*odds, strict=True))
    return [
        Row(NAME, f"prompts of {ours['persona']:.0f} shared tokens", ours["prompts"], ""),
        Row(NAME, f"clca, a CPU second, {ours['batch']} tokens a pass", pace["clca"], "/s"),
        Row(NAME, f"lm-eval, a CPU second, {peers['batch']} prompts a batch", pace["lm-eval"], "/s"),
        Row(NAME, "clca over lm-eval", ratio, "x", at_least=2.5),
        Row(NAME, "bound: tokens of whole prompts over tokens once", bound, "x"),
        Row(NAME, "share of the bound", ratio / bound, "x", at_least=0.8),
        Row(NAME, "largest difference of a probability (1e-6)", 1e6 * apart, "", at_most=100),
        Row(NAME, "peak memory, clca", used["clca"].peak, "MiB"),
        Row(NAME, "peak memory, lm-eval", used["lm-eval"].peak, "MiB"),
    ]


def on_gpu(bench: Bench) -> list[Row]:
    """44 questions to each of 1,000 personas, by a student of the shape of an 8B; nothing where there is no GPU."""
    command = [sys.executable, str(HERE / "scoring.py"), "gpu", str(bench.size(ON_GPU))]
    found = json.loads(measure(command, bench.place(GPU), pinned=False).output.splitlines()[-1])
    if found is None:
        print(f"{GPU}: no CUDA here, left out", flush=True)
        return []
    pace = found["tokens_once"] / found["seconds"]
    return [
        Row(GPU, f"prompts, on {found['device']}", found["prompts"], ""),
        Row(GPU, "prompts a second", found["prompts"] / found["seconds"], "/s"),
        Row(GPU, "tokens a second, each computed once", pace, "/s"),
        # Two operations a weight and token; attention comes on top and is left out.
        Row(GPU, "share of a matrix product's pace", 2 * found["parameters"] * pace / found["peak"], "x"),
        Row(GPU, "peak GPU memory", found["memory"] / 2**20, "MiB"),
    ]
