"""`clca trace`: both directions, names, and what is missing; over runs and adapters that a test makes itself."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from clca.cli.views.trace import show
from clca.errors import ClcaError, ContentError, NotFoundError, SettingsError
from clca.printable import one_line
from clca.report.lineage.config import TraceConfig
from clca.report.lineage.plan import plan
from clca.report.lineage.result import TraceResult
from clca.report.lineage.run import run
from clca.storage.fingerprint import fingerprint
from clca.study.tables.numbers import StudyNumber
from tests.quality.runs import talk
from tests.report.lineage.workspaces import adapter_folder, evaluation_folder, run_folder, sha256_of_content
from tests.security.test_shown_text import ATTACKS, check
from tests.study.tables.stored_numbers import write_numbers

EXAMPLES = [
    {"part": "train", "task": "dialogue", "id": "talk-1:0", "run": 0},
    {"part": "train", "task": "intent", "id": "talk-1:intent", "run": 0},
    {"part": "held-out", "task": "dialogue", "id": "talk-10:0", "run": 0},
    {"part": "train", "task": "survey", "id": "japan:Q1:1", "run": None},
]
EVALUATION = "evaluations/wvs/a-student-japan"
ADAPTER = "adapters/japan/adapter"


@pytest.fixture
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def chain(base: Path) -> Path:
    """A run, the adapter that learned from it and lists its examples, and the evaluation that it answered."""
    runs = [run_folder(base, talks=[talk(1), talk(2), talk(10)])]
    evaluation_folder(base, adapter_folder(base, runs, examples=EXAMPLES))
    return base


def trace(target: str, **fields: Any) -> TraceResult:
    return run(plan(TraceConfig(target=target, **fields)))


def kinds(result: TraceResult, names: tuple[str, ...]) -> list[str]:
    return sorted({name.partition(":")[0] for name in names})


def test_a_dialogue_forward_to_its_examples_adapter_evaluation_and_scores(chain: Path) -> None:
    result = trace("talk-1")
    assert result.start == "dialogue:generated/japan/one#talk-1"
    assert [name for name in result.forward if not name.startswith("score")] == [
        "examples:adapters/japan/adapter#talk-1",
        "adapter:adapters/japan/adapter",
        f"evaluation:{EVALUATION}",
    ]
    assert result.nodes["examples:adapters/japan/adapter#talk-1"].facts["examples"] == [
        "train dialogue talk-1:0",
        "train intent talk-1:intent",
    ]
    assert f"score:{EVALUATION}#japan.clca.kl_paper" in result.forward
    assert not any("persona" in name for name in result.forward)  # the adapter had no part in it


def test_a_dialogue_of_no_example_is_in_no_adapter(chain: Path) -> None:
    assert trace("dialogue:generated/japan/one#talk-2").forward == ()


def test_an_adapter_back_to_examples_dialogues_scenarios_and_prompts(chain: Path) -> None:
    result = trace(ADAPTER, most=1)
    examples = result.nodes["examples:adapters/japan/adapter#examples"]
    assert examples.facts == {
        "train": {"dialogue": 1, "intent": 1, "survey": 1},
        "held-out": {"dialogue": 1},
        "dialogues": 2,
        "here": "1 of 2 dialogues",
    }
    assert [link.role for link in examples.parents] == ["line 1, 2", "line 4"]
    assert {"dialogue", "scenario", "run", "teacher", "student", "content", "example"} <= set(
        kinds(result, result.back)
    )
    assert "evaluation:" + EVALUATION in result.forward


def test_an_adapter_of_an_earlier_version_says_what_it_did_not_record(base: Path) -> None:
    adapter_folder(base, [run_folder(base)])
    result = trace("talk-1")
    assert result.forward == ()
    assert result.unread == (
        f"{ADAPTER} learned from the run, but its examples were not recorded one by one: an earlier version trained it",
    )
    assert (
        "its examples were not recorded one by one: an earlier version trained it"
        in result.nodes[f"adapter:{ADAPTER}"].notes
    )
    assert trace(ADAPTER).origin.runs == ("generated/japan/one",)


def test_two_runs_that_hold_a_dialogue_of_one_id_are_told_apart(chain: Path) -> None:
    run_folder(chain, "japan/two")
    with pytest.raises(
        SettingsError,
        match=r"'talk-1' is the name of 2 things: dialogue:generated/japan/one#talk-1,"
        r" dialogue:generated/japan/two#talk-1; give one of these",
    ):
        trace("talk-1")
    assert trace("generated/japan/two#talk-1").forward == ()  # the adapter learned from the other one
    assert trace("japan/one#talk-1").forward != ()


def test_a_run_forward_to_adapters_audits_and_maps(chain: Path) -> None:
    audit = chain / "audits" / "one"
    audit.mkdir(parents=True)
    (audit / "audit.json").write_text(json.dumps({"runs": ["generated/japan/one"], "judge": "j"}))
    for name, mapped in (("of-it", "generated/japan/one"), ("of-another", "generated/japan/two")):
        (chain / "maps" / name).mkdir(parents=True)
        taken = [{"target": "japan", "taken": [mapped], "reason": "named"}]
        (chain / "maps" / name / "map.json").write_text(json.dumps({"selection": taken, "embedder": "use"}))
    result = trace("generated/japan/one")
    assert f"adapter:{ADAPTER}" in result.forward
    assert {"audit:audits/one", "map:maps/of-it"} <= set(result.forward)
    assert "map:maps/of-another" not in result.forward


def test_a_trained_run_whose_dialogue_is_gone_is_named(chain: Path) -> None:
    kept = chain / "generated/japan/one/dialogues.jsonl"
    kept.write_text("".join(kept.read_text().splitlines(keepends=True)[1:]))
    result = trace(ADAPTER)
    assert "adapters/japan/adapter: dialogues.jsonl has changed since" in result.origin.faults
    assert any("talk-1: it is no longer in generated/japan/one" in fault for fault in result.origin.faults)


@pytest.mark.parametrize(
    ("target", "start"),
    [
        (f"{EVALUATION}#clca.kl_paper", f"score:{EVALUATION}#japan.clca.kl_paper"),
        (f"score:{EVALUATION}#kl_paper/CLCA/Japan", f"score:{EVALUATION}#japan.clca.kl_paper"),
        (f"{EVALUATION}#predictions.6", f"prediction:{EVALUATION}#predictions.6"),
        ("a-student", f"evaluation:{EVALUATION}"),
        ("japan/adapter", f"adapter:{ADAPTER}"),
        ("adapter:japan", f"adapter:{ADAPTER}"),
        (f"{ADAPTER}/adapter.json", f"adapter:{ADAPTER}"),
        ("run:one", "run:generated/japan/one"),
        ("talk-10", "dialogue:generated/japan/one#talk-10"),
    ],
)
def test_names(chain: Path, target: str, start: str) -> None:
    result = trace(target)
    assert result.start == start
    assert trace(start).start == start  # what it prints can be traced


@pytest.mark.parametrize(
    ("target", "fault"),
    [
        ("japan", "is the name of 2 things: run:generated/japan/one, adapter:adapters/japan/adapter"),
        ("talk", "is the name of 3 things: dialogue:generated/japan/one#talk-1, "),
        ("nothing", "nothing is called 'nothing': neither a folder, nor a name or dialogue in generated/"),
        ("adaptr", "nothing is called 'adaptr'"),
        (f"{EVALUATION}#nothing", "no score 'nothing'"),
        (f"{EVALUATION}#predictions.99", "has no prediction in line 99"),
        ("generated/japan/one#nothing", "no dialogue 'nothing'"),
        (f"{ADAPTER}#x", "of which no part is traced"),
        ("score:kl_paper", "give the folder too, as in score:FOLDER#kl_paper"),
        ("\x1b[2J", "is no name of anything"),
        ("x" * 5000, "is no name of anything"),
        ("a/" * 400 + "b", "nothing is called"),
    ],
)
def test_a_name_of_nothing_or_of_several_is_one_line(chain: Path, target: str, fault: str) -> None:
    with pytest.raises((NotFoundError, SettingsError), match=fault.replace("[", r"\[")):
        trace(target)


def write_study(base: Path) -> Path:
    folder = base / "studies" / "main"
    (folder / "cells").mkdir(parents=True)
    entries = [
        {"id": "adapters.japan", "stage": "adapters", "run": "train", "axes": {"culture": "japan"}, "needs": []},
        {"id": "survey.japan", "stage": "survey", "run": "eval-wvs", "axes": {}, "needs": ["adapters.japan"]},
    ]
    info = {"study": "main", "title": "Main", "file": "main.yaml", "digest": "0" * 64, "matrix": {}, "cells": entries}
    times = {"created": "2026-01-01", "updated": "2026-01-01", "versions": {}}
    (folder / "study.json").write_text(json.dumps({**info, **times}))
    for entry, result in zip(entries, (ADAPTER, EVALUATION), strict=True):
        cell = {**entry, "state": "finished", "results": [result]}
        (folder / "cells" / f"{entry['id']}.json").write_text(json.dumps(cell))
    place = {"column": "Japan", "metric": "kl_paper"}
    number = StudyNumber(
        row="CLCA", **place, values={"42": 0.25}, mean=0.25, cells=("survey.japan",), results=(Path(EVALUATION),)
    )
    other = StudyNumber(row="persona", **place, cells=(), results=(Path("evaluations/wvs/gone"),))
    write_numbers(folder, "cultures", number, other)
    return folder


def test_an_evaluation_that_moved_is_found_by_its_fingerprint(chain: Path) -> None:
    folder = write_study(chain)
    info = json.loads((chain / EVALUATION / "evaluation.json").read_text())
    cell = folder / "cells" / "survey.japan.json"
    cell.write_text(json.dumps({**json.loads(cell.read_text()), "fingerprint": info["fingerprint"]}))
    (chain / EVALUATION).rename(chain / "evaluations/wvs/elsewhere")
    try:
        result = trace("studies/main#cultures/CLCA/Japan")
        of_cell = trace("studies/main#survey.japan")
    finally:
        (chain / "evaluations/wvs/elsewhere").rename(chain / EVALUATION)
    assert "score:evaluations/wvs/elsewhere#japan.clca.kl_paper" in result.back
    assert "evaluation:evaluations/wvs/elsewhere" in of_cell.back
    moved = f"{EVALUATION} is no longer there; the same is in evaluations/wvs/elsewhere"
    assert any(moved in fault for fault in result.origin.faults)
    assert any(moved in fault for fault in of_cell.origin.faults)


def test_a_number_of_a_study_leads_to_its_score_cell_and_origin(chain: Path) -> None:
    write_study(chain)
    result = trace("studies/main#cultures/CLCA/Japan")
    assert result.start == "number:studies/main#cultures/CLCA/Japan/kl_paper"
    assert f"score:{EVALUATION}#japan.clca.kl_paper" in result.back
    assert "cell:studies/main#survey.japan" in result.back
    assert result.origin.runs == ("generated/japan/one",)
    assert result.origin.teachers["teacher"] == ("a-teacher",)
    assert result.origin.seeds[ADAPTER] == 9
    gone = trace("main#persona")
    link = gone.nodes[gone.start].parents[0]
    assert (link.by, link.fault) == ("nothing", "evaluations/wvs/gone: is no longer there")
    with pytest.raises(SettingsError, match=r"is the name of 2 numbers of .*cultures/CLCA/Japan/kl_paper"):
        trace("studies/main#kl_paper")


def test_a_dialogue_leads_forward_to_the_study(chain: Path) -> None:
    write_study(chain)
    result = trace("talk-1")
    assert {"cell:studies/main#adapters.japan", "study:studies/main"} <= set(result.forward)
    assert "number:studies/main#cultures/CLCA/Japan/kl_paper" in result.forward
    assert trace("studies/main#survey.japan").start == "cell:studies/main#survey.japan"


def test_a_norm_is_led_back_to_its_line(base: Path) -> None:
    path = "scenarios/norms-japan.jsonl"
    norm = json.loads(next(iter((Path(__file__).parents[3] / path).read_text(encoding="utf-8").splitlines())))["id"]
    content = {path: {"origin": "package", "sha256": sha256_of_content(path)}}
    run_folder(base, talks=[talk(1, scenario={"source": f"norm:{norm}"})], content=content)
    result = trace("talk-1")
    assert f"norm:{path}#{norm}" in result.back
    scenario = result.nodes["scenario:generated/japan/one#scene-1"]
    assert [(link.role, link.by) for link in scenario.parents] == [("written from", "digest")]
    shutil.rmtree(base / "generated")
    run_folder(base, talks=[talk(1, scenario={"source": "norm:unknown-one"})], content=content)
    scenario = trace("talk-1").nodes["scenario:generated/japan/one#scene-1"]
    assert scenario.notes == ("unknown-one is in no content file that the run recorded",)


REQUEST = {
    "task": "turn",
    "step": 0,
    "attempt": 0,
    "role": "teacher",
    "teacher": "a-teacher",
    "messages": [{"role": "user", "content": "Go on."}],
    "json_schema": None,
    "stop": [],
    "temperature": 1.0,
    "top_p": 1.0,
    "max_tokens": 5,
    "seed": 3,
    "reply": {"text": "\x1b[2JHello.", "finish_reason": "stop", "prompt_tokens": 1, "completion_tokens": 1},
}


def test_kept_requests_of_a_dialogue_and_its_scenario_are_read_with_raw_replies(base: Path) -> None:
    folder = run_folder(base, talks=[talk(1), talk(10)])
    owners = ("talk-1", "talk-10", "scenario:scene-1", "scenario:talk-1")
    lines = [{"owner": owner, **REQUEST, "digest": f"{place}" * 64} for place, owner in enumerate(owners)]
    (folder / "requests.jsonl").write_text("".join(json.dumps(line) + "\n" for line in [*lines, lines[0]]))
    result = trace("dialogue:talk-1")
    requests = [result.nodes[name] for name in result.back if name.startswith("request:")]
    assert [(request.facts["digest"], request.facts["reply"]) for request in requests] == [
        ("0" * 64, "\x1b[2JHello."),
        ("2" * 64, "\x1b[2JHello."),
    ]


@pytest.mark.parametrize("attack", ATTACKS)
def test_what_data_say_is_shown_as_text(attack: str, base: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = ATTACKS[attack]
    half = attack == "half a character"  # which makes each file that holds it unreadable
    folder = run_folder(base, models={"teacher": {"name": "a-teacher" if half else text, "urls": []}})
    line = {**REQUEST, "owner": "talk-1", "digest": "0" * 64, "messages": [{"role": text, "content": text}]}
    line["reply"] = {**line["reply"], "text": text}  # type: ignore[dict-item]
    (folder / "requests.jsonl").write_text(json.dumps(line) + "\n")
    config = TraceConfig(target="talk-1")
    if half:
        with pytest.raises(ContentError, match=r"requests\.jsonl:1: "):
            run(plan(config))
        return
    show(run(plan(config)), config, quiet=False, as_json=False)
    shown = capsys.readouterr().out
    check(shown)
    assert shown.count(one_line(text)) >= 4
    show(run(plan(config)), config, quiet=False, as_json=True)
    printed = capsys.readouterr().out
    check(printed)
    assert json.loads(printed)["start"] == "dialogue:generated/japan/one#talk-1"


def test_requests_that_were_not_kept_and_cannot_be_made_again_are_said_to_be_missing(base: Path) -> None:
    run_folder(base)
    assert any("this request was not kept" in note for note in trace("talk-1").nodes[trace("talk-1").start].notes)


def test_hostile_folders_are_one_line(chain: Path) -> None:
    (chain / ADAPTER / "examples.jsonl").write_text("[" * 100_000 + "\n")
    with pytest.raises(ClcaError, match=r"examples\.jsonl"):
        trace(ADAPTER)
    assert any("examples.jsonl" in line for line in trace("talk-1").unread) is False  # no line of it names the dialogue
    (chain / ADAPTER / "adapter.json").write_text("{}")
    (chain / EVALUATION / "evaluation.json").write_text("[]")
    result = trace("talk-1")
    assert any("adapter.json" in line for line in result.unread)
    secret = chain.parent / f"{chain.name}-secret"
    secret.write_text(talk(7).model_dump_json() + "\n")
    kept = chain / "generated/japan/one/dialogues.jsonl"
    kept.unlink()
    kept.symlink_to(secret)
    with pytest.raises(ClcaError, match="link that leads out"):
        trace("talk-7")


def test_fingerprints_that_do_not_fit_their_inputs_are_told(base: Path) -> None:
    run_folder(base, fingerprint=fingerprint({"seed": 1}))
    assert "generated/japan/one: its fingerprint is not that of its inputs: run.json was changed" in (
        trace("run:one").origin.faults
    )
