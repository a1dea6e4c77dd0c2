"""A wrong value is refused at once: in one line, before any of the libraries is imported that take seconds."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.cli_process import environment

SCRIPT = Path(__file__).with_name("loaded_modules.py")
HEAVY = ("torch", "transformers", "openai", "datasets", "peft", "trl", "accelerate", "bitsandbytes", "matplotlib")

GENERATE = "generate -c japan"
TRAIN = "train -c japan"
WRONG = [
    "generate",
    "generate -c japn",
    f"{GENERATE} --teacher lama-3.1-70b",
    f"{GENERATE} --samples 0",
    f"{GENERATE} --samples many",
    f"{GENERATE} --scenarios none.jsonl",
    f"{GENERATE} --norms 9999",
    f"{GENERATE} --discard all",
    f"{GENERATE} --quantization fp9",
    f"{GENERATE} --base-url nothing",
    f"{GENERATE} --teacher qwen2.5-7b --vllm-args x",
    f"{GENERATE} --rate-least secret=5",
    f"{GENERATE} --rate --rate-least charm=5",
    f"{GENERATE} --rate --rate-least secret=11",
    "show nope",
    "show --limit 0",
    "retry nope --failed",
    "stats",
    "stats nope",
    "stats japan --compare nope",
    "map",
    "map nope",
    "map wvs",
    "map wvs -c japn,uk",
    "map wiki -c japan,uk",
    "map dialogues -c japan,uk",
    "map wvs -c japan,uk --embedder word2vec",
    "audit-judge",
    "audit-judge nope",
    "audit-judge nope --flaws typo",
    "audit-judge nope --dialogues 1",
    "audit-judge nope --judge-base-url nothing",
    "audit-judge nope --second-judge-base-url http://localhost:1/v1",
    "train",
    "train -c japn",
    f"{TRAIN} --student lama-3.1-8b",
    f"{TRAIN} --student ./none",
    f"{TRAIN} --recipe nope",
    f"{TRAIN} --out a\udcff",
    f"{TRAIN} --recipe none.yaml",
    f"{TRAIN} --set lora.q=3",
    f"{TRAIN} --set lora.r=-3",
    f"{TRAIN} --mix clka",
    f"{TRAIN} --run nope",
    TRAIN,  # there is no run
    "eval-wvs -c japn",
    "eval-wvs -c japan --items Q999",
    "eval-wvs --language xx",
    "eval-wvs --method x",
    "eval-wvs -n 0",
    "eval-wvs --order best",
    "eval-wvs --data none",
    "eval-wvs --until-ci -1",
    "eval-offense -c japn --data none",
    "eval-offense --row nope",
    "eval-offense --scoring x",
    "eval-normad -c japn",
    "eval-normad --data none",
    "eval-mmlu --subject nope",
    "eval-mmlu --data none",
    "eval-mmlu --data no-folder/of/mine",
    "eval-mmlu --shots 99",
    *(
        f"{command} {value}"
        for command in ("eval-wvs", "eval-offense", "eval-normad", "eval-mmlu")
        for value in ("-s lama-3.1-8b", "-s ./none", "--adapter nope", "--bits 5", "--seed -1", "--base-url nothing")
    ),
    "eval-cspec",
    "eval-cspec none.csv",
    "compare first second",
    "published nope",
    "cultures show japn",
    "models show lama-3.1-8b",
    "adapters show nope",
    "adapters merge nope whole",
    "data import-wvs none.csv",
    "data import-offense none",
    "data import-culturellm none",
    "data import-scenarios none.json",
    "data import-norms none.tsv --culture uk",
    f"{GENERATE} --norm-file none.jsonl",
    f"{GENERATE} --norms 1 --norm-file none.jsonl",
    "content show nope",
    "content copy nope",
    "serve-teacher lama-3.1-8b",
    "serve-teacher qwen2.5-7b --port 0",
    "schema nope",
]


def test_wrong_values_are_refused_before_heavy_imports(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(SCRIPT), *HEAVY],
        input=json.dumps([words.split() for words in WRONG]),
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
        env=environment(XDG_CACHE_HOME=str(tmp_path / "cache"), HF_HUB_OFFLINE="1"),
    )
    outcomes = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(outcomes) == len(WRONG)
    for words, (code, errors, loaded) in zip(WRONG, outcomes, strict=True):
        assert (code, loaded) == (2, []), (words, errors)
        assert [line[:6] for line in errors.splitlines()] == ["clca: "], (words, errors)
    assert list(tmp_path.iterdir()) == [], "nothing is written"
