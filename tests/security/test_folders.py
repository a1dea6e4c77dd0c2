"""Attacks by folders of somebody else: depth, links out of them, and records whose values are of other kinds."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet
from pydantic import ValidationError

from clca.cli.views.adapters import show_adapter
from clca.cli.views.dialogue import show_judgement
from clca.cli.views.runs import show_dialogues
from clca.cli.views.screen import make_console
from clca.contamination.text_files import MOST_IN_FILE, TextFiles, digest_of
from clca.content.lookup import Content
from clca.content.parsing import parse_yaml
from clca.culture import CultureCatalogue
from clca.errors import ClcaError, ContentError, SettingsError, StoreError
from clca.evaluation.mmlu.csv_questions import read_folder
from clca.evaluation.mmlu.hub_questions import read_hub
from clca.evaluation.normad import NormadReader, load_suite
from clca.evaluation.normad.suite import load_tasks
from clca.evaluation.result import LabelCounts
from clca.evaluation.results import read_evaluation
from clca.generation.judge_metrics import JudgeCalibration
from clca.quality.export.config import ExportConfig
from clca.quality.export.plan import plan as plan_export
from clca.quality.export.run import run as run_export
from clca.report.lineage.context import Folders, Lineage
from clca.report.lineage.evaluations import moved_evaluation
from clca.report.lineage.predictions import add_predictions
from clca.report.lineage.score_keys import scores_of
from clca.storage.atomic import foreign_files
from clca.storage.run_dir import RunDir
from clca.storage.run_index import RunInfo, read_run
from clca.storage.run_selection import covers
from clca.training import work_dir
from clca.training.mixture import parse_mixture
from clca.training.recipe_files import load_recipe
from tests.evaluation.offense.posts import entry, lines, posts, run
from tests.security.test_files import RECIPE, adapter, sparse

# ---------------------------------------------------------------- folders in each other, more than Python walks


def deep(folder: Path) -> None:
    """Folders in each other below a new one, more than are walked; of a thousand Python itself makes an end."""
    folder.mkdir(parents=True)
    place = os.open(folder, os.O_RDONLY)
    for _ in range(150):
        os.mkdir("d", dir_fd=place)
        inner = os.open("d", os.O_RDONLY, dir_fd=place)
        os.close(place)
        place = inner
    os.close(place)


DEEP: dict[str, tuple[str, Callable[[Path], object]]] = {
    "content": ("prompts/d", lambda folder: Content(folder).files()),
    "an import": ("out/japan", lambda folder: foreign_files(folder / "out", ())),
    "a training": ("rows/d", work_dir.require_own),
    "texts": ("texts/d", lambda folder: digest_of(folder / "texts")),
    "posts": ("in/d", lambda folder: run(folder / "in", folder / "out", entry())),
    "posts of a pattern": ("in/d", lambda folder: run(folder / "in", folder / "out", entry(path="**/posts.jsonl"))),
}


@pytest.mark.parametrize("reader", DEEP)
def test_folders_in_each_other_are_not_walked_without_end(tmp_path: Path, reader: str) -> None:
    name, read = DEEP[reader]
    deep(tmp_path / name)
    (tmp_path / "in").mkdir(exist_ok=True)
    (tmp_path / "in" / "posts.jsonl").write_bytes(lines(posts()))
    with pytest.raises(ClcaError, match="deep in each other"):
        read(tmp_path)


# ---------------------------------------------------------------- records that are no records


SESSION = '{"verdicts": {"good yes good": 1}}'


@pytest.mark.parametrize(
    "record",
    [
        '{"counts": {"kept": 1e3}}',
        '{"counts": {"kept": -1}}',
        f'{{"counts": {{"kept": {"9" * 400}}}}}',
        '{"counts": {"kept": true}}',
        '{"sessions": 5}',
        f'{{"sessions": {SESSION}}}',
        '{"sessions": ["x"]}',
        '{"sessions": [{"verdicts": "x"}]}',
        f'{{"sessions": [{{"verdicts": {{"good": {"9" * 400}}}}}]}}',
        '{"reasons": ["x"]}',
        '{"reasons": {"quality bad": "many"}}',
        '{"settings": "x"}',
        '{"models": {"teacher": "x"}}',
    ],
)
def test_a_run_has_numbers_where_its_record_has_them(tmp_path: Path, record: str) -> None:
    (tmp_path / "run.json").write_text(f'{{"sessions": [{SESSION}], "counts": {{"kept": 0}}}}')
    read_run(tmp_path)
    (tmp_path / "run.json").write_text(record)
    with pytest.raises(StoreError, match=r"cannot read .*run\.json \(its \w+ are not"):
        read_run(tmp_path)


@pytest.mark.parametrize("words", ["5", "1e400", "9" * 400, "{}", '["x"]', "true"])
@pytest.mark.parametrize("key", ["reason", "planted"])
def test_words_of_a_dialogue_are_words(tmp_path: Path, key: str, words: str) -> None:
    usage = '{"requests": 1, "prompt_tokens": 1, "completion_tokens": 1}'
    texts = {"reason": '""', "planted": '""', key: words}
    (tmp_path / "dialogues.jsonl").write_text(
        f'{{"id": "a", "reason": {texts["reason"]}, "planted": {texts["planted"]}, "usage": {usage}}}\n'
    )
    with pytest.raises(ContentError, match=r"dialogues\.jsonl:1: not a record of a run \(the reason"):
        RunDir(tmp_path)


@pytest.mark.parametrize("metrics", ["5", '"x"', "[1]", '{"caught": 1}', '{"caught": {}}'])
def test_metrics_of_a_judge_that_are_none_are_one_line(tmp_path: Path, metrics: str) -> None:
    (tmp_path / "run.json").write_text(f'{{"calibration": {metrics}}}')
    with pytest.raises(StoreError, match=r"run\.json: calibration: "):
        show_dialogues(read_run(tmp_path), ["kept"], 1, as_json=False)


@pytest.mark.parametrize(
    "record",
    [
        {"calibration": {"caught": {}}},
        {"calibration": 5},
        {"sessions": [{"judge_calibration": {"bad": 5, "sound": {}}}]},
        {"sessions": [{"judge_calibration": ["x"]}]},
    ],
)
def test_nor_does_the_card_of_an_export_show_them(tmp_path: Path, record: dict[str, Any]) -> None:
    folder = tmp_path / "japan" / "run"
    folder.mkdir(parents=True)
    (folder / "run.json").write_text(json.dumps(record))
    (folder / "dialogues.jsonl").touch()
    plan = plan_export(ExportConfig(run=(str(folder),), out=tmp_path / "out"))
    with pytest.raises(StoreError, match=r"run\.json: (judge_)?calibration: "):
        run_export(plan)
    assert not (tmp_path / "out").exists()


def test_kept_dialogues_that_are_no_number_are_not_compared(tmp_path: Path) -> None:
    runs = [RunInfo(tmp_path, {"inputs": {"teacher": "a", "kept": kept}}) for kept in ("x", [1], None)]
    assert not any(covers(first, second) for first in runs for second in runs)


@pytest.mark.parametrize(
    "change", [{"save": 5}, {"save": [5]}, {"targets": ["q"], "alpha": "16"}, {"r": "4"}, {"alpha": "inf"}]
)
def test_an_adapter_whose_recipe_is_of_other_kinds_is_one_line(tmp_path: Path, change: dict[str, object]) -> None:
    whole = {"seed": 1, "base": {"bits": 16}}
    recipe = {**RECIPE, **whole, "lora": {"r": 1, "alpha": 1, "targets": ["q"], **change}}
    with pytest.raises(ContentError, match=r"adapter\.json: (recipe: lora\.|holds what no training writes: )\S+"):
        show_adapter(str(adapter(tmp_path, recipe, base_model_name_or_path="s")), tmp_path, as_json=False)


@pytest.mark.parametrize(
    "setting",
    [
        "data.size=999999999999",
        "data.survey.per_item=999999",
        "data.max_length=999999999999",
        "data.wiki_words=999999999999",
        "lora.r=999999999999",
        "lora.alpha=1e300",
        "training.batch=999999999999",
        "training.accumulation=999999999999",
        "training.epochs=1e300",
        "training.steps=999999999999",
        "training.patience=999999999999",
    ],
)
def test_numbers_of_a_recipe_are_those_of_a_training(setting: str) -> None:
    """Others end a plan in a traceback, or have it make rows without end."""
    with pytest.raises(SettingsError, match=rf"--set {setting.partition('=')[0]}: .*less than or equal to"):
        load_recipe(Content(), "tiny", (setting,))


@pytest.mark.parametrize(
    "record",
    [{"counts": {"discarded": 5}}, {"settings": {"rate_least": 5}}, {"settings": {"discard": 5, "rate_least": True}}],
)
def test_a_card_of_a_run_that_lacks_counts_or_rules_is_written(tmp_path: Path, record: dict[str, Any]) -> None:
    folder = tmp_path / "japan" / "run"
    folder.mkdir(parents=True)
    (folder / "run.json").write_text(json.dumps(record))
    (folder / "dialogues.jsonl").touch()
    run_export(plan_export(ExportConfig(run=(str(folder),), out=tmp_path / "out")))
    assert "## What was filtered" in (tmp_path / "out" / "README.md").read_text()


@pytest.mark.parametrize(
    "labels", [{"asked": 0, "outside": 5}, {"asked": -1, "outside": 0}, {"asked": 2**60, "outside": 0}]
)
def test_labels_of_an_evaluation_are_counts(labels: dict[str, int]) -> None:
    """They are divided by each other in the caveats of every resumed evaluation."""
    with pytest.raises(ValidationError):
        LabelCounts.model_validate(labels)


@pytest.mark.parametrize("judgement", [5, "x", ["x"], {"quality": 5}, {"quality": {}}])
def test_a_judgement_of_another_form_that_a_reviewer_asks_for_is_one_line(judgement: object) -> None:
    with pytest.raises(StoreError, match=r"^a is not formed as a record of a run"):
        show_judgement({"id": "a", "judgement": judgement, "verdict": "kept", "reason": ""}, make_console())


def test_counts_of_a_judge_have_an_end() -> None:
    count = f'{{"shown": {"9" * 400}, "found": 1}}'
    with pytest.raises(ValidationError, match=r"sound\.shown"):
        JudgeCalibration.model_validate_json(
            f'{{"judge": "j", "sound": {count}, "bad": {{}}, "unanswered": 0, "requests": 0, "prompt_tokens": 0,'
            ' "completion_tokens": 0}'
        )


def scores(**changes: object) -> str:
    """The scores of a row on a test, and what is changed in them."""
    nothing: dict[str, object] = {}
    result = {"row": "japan", "tests": {"t": nothing}, "cultures": {"japan": nothing}}
    square = {"cultures": ["japan"], "cspec": None, "diagonal_mean": {"value": 1, "low": 1, "high": 1}, "chance": None}
    square |= {"p": None, "permutations": 1, "exact": True, "left_out": [], "matrix": [[1]], "normalised": [[1]]}
    whole = {
        "seed": 1, "resamples": 1, "level": 0.95, "single_class": True, "rows": ["japan"], "cultures": ["japan"],
        "tests": [{"culture": "japan", "test": "t", "labels": ["a"], "texts": 1, "unlabelled": 0, "absent": [],
                   "invalid": {"japan": 0}}],
        "results": [result | dict.fromkeys(("average", "over_tests", "pooled"), nothing)],
        "specificity": square | {"ranks": [[1]], "winners": {"japan": ["japan"]}},
    }  # fmt: skip
    for path, value in changes.items():
        part: Any = whole
        *places, last = path.split("__")
        for place in places:
            part = part[int(place) if place.isdigit() else place]
        part[last] = value
    return json.dumps(whole)


@pytest.mark.parametrize(
    "changes",
    [
        {"tests__0__invalid": {}},
        {"results": []},
        {"rows": ["japan", "japan"]},
        {"results__0__tests": {}},
        {"results__0__cultures": {}},
        {"cultures": ["japan", "uk"]},
        {"specificity__matrix": [[1, 2]]},
        {"specificity__ranks": []},
        {"specificity__normalised": [[]]},
        {"specificity__winners": {}},
    ],
    ids=str,
)
def test_scores_whose_parts_do_not_fit_are_one_line(tmp_path: Path, changes: dict[str, object]) -> None:
    (tmp_path / "evaluation.json").write_text('{"kind": "offense"}')
    (tmp_path / "scores.json").write_text(scores())
    read_evaluation(str(tmp_path), "offense")
    (tmp_path / "scores.json").write_text(scores(**changes))
    with pytest.raises(ContentError, match=r"scores\.json: .*(are not those of|is not)"):
        read_evaluation(str(tmp_path), "offense")


# ---------------------------------------------------------------- questions


def test_no_link_leads_out_of_a_folder_of_questions(tmp_path: Path) -> None:
    for split in ("dev", "test"):
        (tmp_path / "theirs" / split).mkdir(parents=True)
        (tmp_path / "mine.csv").write_text("My secret?,a,b,c,d,A\n")
        (tmp_path / "theirs" / split / f"anatomy_{split}.csv").symlink_to(tmp_path / "mine.csv")
    with pytest.raises(ContentError, match=r"anatomy_dev\.csv: cannot be read: it is a link that leads out of"):
        read_folder(tmp_path / "theirs", ["anatomy"], ["anatomy"], named=True)


@pytest.mark.parametrize("name", ["mine.txt", "mine.csv", "mine.jsonl"])
def test_nor_out_of_a_folder_that_dialogues_are_compared_with(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text('"My secret?"\n')
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs" / name).symlink_to(tmp_path / name)
    with pytest.raises(SettingsError, match=r"--against .*: it is a link that leads out of"):
        list(TextFiles(tmp_path / "theirs"))
    with pytest.raises(SettingsError, match=r"--against .*: it is a link that leads out of"):
        digest_of(tmp_path / "theirs")
    assert [text.strip('"') for _, text in TextFiles(tmp_path / name)] == ["My secret?"]
    assert len(list(TextFiles(tmp_path / "theirs", within=tmp_path))) == 1  # as the hub's cache has them


@pytest.mark.parametrize("values", ["[],", '{"a":0},', "0,"])
def test_a_file_of_texts_has_values_that_memory_holds(tmp_path: Path, values: str) -> None:
    file = tmp_path / "texts.json"
    file.write_text(f"[{values * MOST_IN_FILE}0]")
    with pytest.raises(SettingsError, match=r"--against .*texts\.json: it has more than 2,000,000 values"):
        list(TextFiles(file))


@pytest.mark.parametrize("form", ["jsonl", "parquet"])
def test_nor_out_of_one_in_another_form(tmp_path: Path, form: str) -> None:
    row = {"question": "My secret?", "subject": "anatomy", "choices": ["a", "b", "c", "d"], "answer": 0}
    mine, folder = tmp_path / f"mine.{form}", tmp_path / "theirs"
    if form == "parquet":
        parquet.write_table(pa.Table.from_pylist([row]), mine)
    else:
        mine.write_text(json.dumps(row) + "\n")
    folder.mkdir()
    for split in ("dev", "test"):
        (folder / f"{split}.{form}").symlink_to(mine)
    with pytest.raises(SettingsError, match="cannot be loaded: it is a link that leads out of"):
        read_hub(str(folder), ["anatomy"], ["anatomy"], named=True)


SAVED: dict[str, tuple[str, str, str]] = {
    "a file elsewhere": ("state.json", '{"_data_files": [{"filename": "../../../secret.arrow"}]}', "leads out of"),
    "a file by its whole path": ("state.json", '{"_data_files": [{"filename": "/etc/passwd"}]}', "leads out of"),
    "a pipe": ("state.json", '{"_data_files": [{"filename": "pipe"}]}', "is not a regular file"),
    "no files": ("state.json", "[]", "cannot be loaded"),
    "a terabyte of state": ("state.json", "", "is larger than"),
    "a terabyte of facts": ("dataset_info.json", "", "is larger than"),
}


@pytest.mark.parametrize("attack", SAVED)
def test_a_saved_set_of_questions_names_files_of_its_own(tmp_path: Path, attack: str) -> None:
    pytest.importorskip("datasets")
    name, text, said = SAVED[attack]
    (tmp_path / "secret.arrow").touch()
    saved = tmp_path / "a" / "b"
    for split in ("dev", "test"):
        (saved / split).mkdir(parents=True)
        for file in ("state.json", "dataset_info.json"):
            (saved / split / file).write_text('{"_data_files": []}')
        (saved / split / name).write_text(text)
        if not text:
            sparse(saved / split / name, 2**40)
        os.mkfifo(saved / split / "pipe")
    (saved / "dataset_dict.json").write_text('{"splits": ["dev", "test"]}')
    with pytest.raises(SettingsError, match=said):
        read_hub(str(saved), ["anatomy"], ["anatomy"], named=True)


def test_words_of_the_suite_of_normad_have_an_end(tmp_path: Path) -> None:
    text = Content().text("eval/normad/suite.yaml")
    (tmp_path / "eval" / "normad").mkdir(parents=True)
    (tmp_path / "eval" / "normad" / "suite.yaml").write_text(
        text.replace("fillers: [", "fillers: [" + "x" * 201 + ", ")
    )
    with pytest.raises(ContentError, match=r"suite\.yaml:\d+: fillers\.0: String should have at most 200 characters"):
        NormadReader(load_suite(Content(tmp_path)))


def test_numbers_of_one_hash_are_no_keys() -> None:
    text = "".join(f"{(2**61 - 1) * number}: 1\n" for number in range(1, 9990))
    with pytest.raises(ContentError, match=r"x:1: not YAML: a whole number of more than 18 digits"):
        parse_yaml("x", text)


@pytest.mark.parametrize("weights", [("1e308", "1e308"), ("1e-320", "1"), ("nan", "1"), ("inf", "1"), ("-1", "1")])
def test_weights_of_a_mixture_can_be_added_up(weights: tuple[str, str]) -> None:
    first, second = weights
    with pytest.raises(ValueError, match="is no weight"):
        parse_mixture(f"clca:{first}+chat:{second}")


def test_a_column_that_is_there_twice_is_not_taken_in_silence(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("ID,Country,Story,Gold Label,Story\n1,Japan,a,yes,b\n")
    with pytest.raises(ContentError, match=r"x\.csv:1: duplicate column 'Story'"):
        load_tasks(Content(), tmp_path / "x.csv", CultureCatalogue(Content()))


def test_numbers_that_no_float_is_are_no_scores(tmp_path: Path) -> None:
    large = "1" + "0" * 400
    text = f'{{"a": {{"f1": {large}, "acc": 0.5}}, "b": {{"value": {large}}}, "c": {{"value": 1, "low": {large}}}}}'
    (tmp_path / "scores.json").write_text(text)
    assert {score.name: (score.value, score.low) for score in scores_of(tmp_path)} == {
        "a.acc": (0.5, None),
        "c": (1.0, None),
    }


def test_a_prediction_of_no_culture_is_counted_in_none(tmp_path: Path) -> None:
    values: tuple[Any, ...] = ([], {}, None, 5, "japan")
    lines = [{"culture": value, "reply": "japan"} for value in values]
    (tmp_path / "predictions.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    lineage = Lineage()
    link = add_predictions(lineage, tmp_path, {"culture": frozenset({"japan"})}, {}, 0)
    assert lineage.graph.nodes[link.node].facts["predictions"] == 1


def test_an_evaluation_with_a_fingerprint_of_another_kind_is_not_the_one_that_moved(tmp_path: Path) -> None:
    folder = tmp_path / "wvs" / "x"
    folder.mkdir(parents=True)
    (folder / "evaluation.json").write_text('{"fingerprint": ["a"]}')
    lineage = Lineage(Folders(evaluations=tmp_path))
    assert moved_evaluation(lineage, fingerprints={"a"}) is None
