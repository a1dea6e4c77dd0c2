"""`python -m benchmarks teacher`: how good are the scenarios, dialogues and verdicts of a model?

It generates a fixed set (12 seeds and 4 norms for each of Japan, Germany and Mexico) through `clca generate` and scores
the records by code; then it shows the model, as the judge, prepared dialogues. `--score RUN...` scores runs that exist.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.dialogue_figures import intent_figures, outcome_figures, turn_figures, verdict_figures
from benchmarks.figures import Figure, as_json, table
from benchmarks.judge_figures import judge_figures
from benchmarks.recorded import Recorded, read
from benchmarks.scenario_figures import Sources, scenario_figures
from clca.content.lookup import CONFIG, Content
from clca.generation.config import GenerateConfig
from clca.generation.scenarios import OWN

SEEDS = (
    "request-spare-key",
    "apology-missed-solo",
    "invitation-open-table",
    "favour-early-drive",
    "bargain-sewing-machine",
    "conflict-unpaid-loan",
    "neighbours-leaking-ceiling",
    "public-space-queue-number",
    "workplace-trainee-stock",
    "school-phone-drawer",
    "hospitality-electrician-plate",
    "family-cousins-room",
)
CULTURES = ("japan", "germany", "mexico")
NORMS = (
    "general-queue-turn",
    "general-borrowed-drill",
    "japan-outdoor-shoes",
    "japan-train-call",
    "germany-sunday-drill",
    "germany-first-names",
    "mexico-greet-each",
    "mexico-usted-elder",
)
"""Two norms of every culture and two general ones: `--norms 4` takes a culture's own first."""

EXAMPLES = """
examples:
  python -m benchmarks teacher --base-url http://127.0.0.1:8000/v1 --model qwen-1.5b --json figures.json
  python -m benchmarks teacher --base-url ... --model ... --cultures japan --seeds 6 --norms 0 --samples 2 --no-judge
  python -m benchmarks teacher --score generated/japan/qwen-1-5b-s42-1f2e3d
  python -m benchmarks teacher --base-url ... --model ... -- --turn-format text

The figures are defined at the head of benchmarks/scenario_figures.py, dialogue_figures.py and judge_figures.py.
"""


def main(arguments: Sequence[str]) -> int:
    """Run the command; returns its exit code."""
    options, more = _parse(arguments)
    figures: list[Figure] = []
    runs = [read(folder) for folder in options.score] if options.score else []
    if not options.score and not options.judge_only:
        runs = generate(options, more)
    if runs:
        figures += score(runs)
    if not options.score and not options.no_judge:
        config = GenerateConfig(
            culture=("japan",),
            teacher=options.model,
            base_url=(options.base_url,) if options.base_url else (),
            concurrency=options.concurrency,
            timeout=options.timeout,
        )
        figures += judge_figures(config, options.prepared, options.out)
    print(table(figures, cases=options.cases))
    if options.json is not None:
        data = {
            "date": datetime.now(UTC).isoformat(timespec="seconds"),
            "model": options.model,
            "runs": [str(run.folder) for run in runs],
            "figures": as_json(figures),
        }
        options.json.write_text(json.dumps(data, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return 0


def score(runs: Sequence[Recorded]) -> list[Figure]:
    """All figures of some runs together."""
    played = [record for run in runs for record in run.played()]
    kept = [record for run in runs for record in run.kept]
    return [
        *outcome_figures(runs),
        *scenario_figures(runs, Sources(Content())),
        *turn_figures(played, "turns of all dialogues"),
        *turn_figures(kept, "turns of kept dialogues"),
        *intent_figures(kept),
        *verdict_figures(runs),
    ]


def generate(options: argparse.Namespace, more: Sequence[str]) -> list[Recorded]:
    """Generate the set in a workspace of its own, with `more` arguments for `clca generate`; returns its runs."""
    workspace = options.out.absolute()
    make_workspace(workspace, options.seeds)
    command = [sys.executable, "-m", "clca", "generate", "--json", "--teacher", options.model]
    command += [word for culture in options.cultures for word in ("--culture", culture)]
    command += ["--base-url", options.base_url] if options.base_url else []
    sizes = {
        "norms": options.norms,
        "samples": options.samples,
        "max-exchanges": options.exchanges,
        "concurrency": options.concurrency,
        "timeout": options.timeout,
        "seed": options.seed,
    }
    command += [word for name, value in sizes.items() for word in (f"--{name}", str(value))]
    done = subprocess.run([*command, *more], cwd=workspace, stdout=subprocess.PIPE, text=True)
    if done.returncode not in (0, 3):  # 3: some dialogues failed
        raise SystemExit(f"clca generate ended with {done.returncode}")
    summary = json.loads(done.stdout)
    return [read(workspace / run["run"]) for run in summary.get("runs", (summary,))]


def make_workspace(workspace: Path, seeds: int) -> None:
    """A workspace that has only the scenarios and norms of the set."""
    content = Content()
    workspace.mkdir(parents=True, exist_ok=True)
    (workspace / CONFIG).touch()
    wanted = [SEEDS[number * len(SEEDS) // seeds] for number in range(seeds)]
    left = {*wanted, *NORMS}
    for path in (*content.files("scenarios/*.jsonl"), *content.files(OWN)):
        lines = [line for line in content.text(path).split("\n") if line.strip() and json.loads(line)["id"] in left]
        (workspace / path).parent.mkdir(parents=True, exist_ok=True)
        (workspace / path).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        left -= {json.loads(line)["id"] for line in lines}
    if left:
        raise SystemExit(f"the content lacks {', '.join(sorted(left))}")


def _parse(arguments: Sequence[str]) -> tuple[argparse.Namespace, list[str]]:
    words = list(arguments)
    cut = words.index("--") if "--" in words else len(words)
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks teacher",
        description=__doc__,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--base-url", help="OpenAI-compatible server of the model")
    parser.add_argument("--model", default="rehearsal", help="name of the model; default: the embedded rehearsal")
    parser.add_argument("--cultures", type=lambda text: text.split(","), default=CULTURES, help=",".join(CULTURES))
    parser.add_argument("--seeds", type=int, default=len(SEEDS), help=f"seed scenarios, of {len(SEEDS)}, evenly spread")
    parser.add_argument("--norms", type=int, default=4, help="norms of each culture; default 4")
    parser.add_argument("--samples", type=int, default=1, help="dialogues of each scenario; default 1")
    parser.add_argument("--exchanges", type=int, default=4, help="most exchanges of a dialogue; default 4")
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--concurrency", type=int, default=16)
    parser.add_argument("--timeout", type=float, default=900, help="seconds that a request may take; default 900")
    parser.add_argument("--out", type=Path, default=Path("teacher-bench"), help="workspace for the runs")
    parser.add_argument(
        "--score", type=Path, nargs="+", metavar="RUN", help="score these run folders, generate nothing"
    )
    parser.add_argument("--no-judge", action="store_true", help="no prepared dialogues")
    parser.add_argument("--judge-only", action="store_true", help="only the prepared dialogues")
    parser.add_argument(
        "--prepared", type=int, default=12, help="prepared dialogues of each kind; default 12, at most 24"
    )
    parser.add_argument("--cases", action="store_true", help="show the first cases under each figure")
    parser.add_argument("--json", type=Path, help="write the figures, with all cases, to this file")
    options = parser.parse_args(words[:cut])
    if not 1 <= options.seeds <= len(SEEDS):
        parser.error(f"--seeds: 1 to {len(SEEDS)}")
    return options, words[cut + 1 :]
