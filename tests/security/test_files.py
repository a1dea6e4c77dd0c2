"""Attacks by files of somebody else: YAML, JSON, model folders, packed surveys; pipes, and links out of a folder.

Each is refused in one line before it costs anything: a test that hangs, or that needs the memory, fails.
"""

from __future__ import annotations

import gzip
import json
import os
import shutil
import struct
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import yaml
from pyarrow import parquet

from clca.bounded_json import parse_json
from clca.cli.views.adapters import show_adapter
from clca.content.lookup import Content
from clca.content.parsing import parse_yaml, read_jsonl
from clca.content.toml import parse_toml
from clca.culture import CultureCatalogue
from clca.culture.marks import CultureMarks
from clca.culture.profile import read_profile
from clca.errors import ClcaError, ContentError, SettingsError, StoreError
from clca.evaluation.compare.plan import read_answers
from clca.evaluation.mmlu.csv_questions import read_items
from clca.evaluation.mmlu.hub_questions import read_hub
from clca.evaluation.offense.imports.mapping import load_mapping
from clca.evaluation.offense.suite import load_offense_suite
from clca.evaluation.offense.test_sets import open_tests, read_manifest
from clca.evaluation.prediction_dir import read_info, read_records
from clca.evaluation.results import read_evaluation
from clca.evaluation.score_matrix import read_matrix
from clca.evaluation.wvs.microdata import reader
from clca.evaluation.wvs.microdata.codebook import load_codebook
from clca.evaluation.wvs.microdata.importer import import_survey
from clca.evaluation.wvs.microdata.respondents import open_respondents
from clca.evaluation.wvs.suite import load_suite
from clca.generation.run_records import read_records as read_dialogues
from clca.generation.scenarios import FileScenarios
from clca.inference.vllm.log import error_line
from clca.models.adapter import find_adapters, read_adapter
from clca.models.adapter_weights import read_keys
from clca.models.hf_config import read_model_folder
from clca.models.load import load_model, load_tokenizer
from clca.models.quantization import Quantization
from clca.models.student import Student
from clca.quality.audit.sources import draw_sources
from clca.records import Choice, Norm, Prediction
from clca.safe_open import LARGEST, LONGEST
from clca.simulator.sentences import localize
from clca.storage.fingerprint import file_sha256
from clca.storage.jsonl import LineFile, read_lines
from clca.storage.kept_requests import RequestFile
from clca.storage.reply_cache import ReplyCache
from clca.storage.reviews import ReviewFile
from clca.storage.run_dir import RunDir
from clca.storage.run_index import read_run
from clca.training import checkpoints
from clca.training.fingerprint_inputs import lineage
from clca.training.merge import merge
from clca.training.recipe_files import load_recipe
from tests.evaluation.wvs.survey_files import official, people
from tests.quality.runs import talk, write_run

NESTED = "[" * 200_000
DIGITS = "9" * 100_000


def sparse(file: Path, size: int) -> None:
    """A file of zeros that takes no room on the disk."""
    with file.open("wb") as stream:
        stream.truncate(size)


# ---------------------------------------------------------------- YAML

LAUGHS = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 12)
)
MERGES = "a0: &a0 {x: 1}\n" + "".join(f"a{n}: &a{n}\n  <<: [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 12))
YAML = {
    "lists in lists": (NESTED, "f:1: is nested more than 50 levels deep"),
    "mappings in mappings": ("{a: " * 200_000, "f:1: is nested more than 50 levels deep"),
    "dashes": ("- " * 200_000, "f:1: is nested more than 50 levels deep"),
    "question marks": ("? " * 200_000, "f:1: is nested more than 50 levels deep"),
    "indents": ("".join(" " * n + "a:\n" for n in range(1000)), "f:51: is nested more than 50 levels deep"),
    "a billion laughs": (LAUGHS, "f:4: its aliases stand for more than 10,000 values"),
    "merges of merges": (MERGES, "f:9: its aliases stand for more than 10,000 values"),
    "an alias in its own anchor": ("a: &a {b: [*a]}", "f:1: the alias *a is within its own anchor"),
    "many values": ("- a\n" * 200_000, "holds more than 20,000 values, which is too many for YAML"),
    "many documents": ("---\n" * 200_000, "holds more than 20,000 values, which is too many for YAML"),
    "a large file": ("#" * (2**20 + 1), "f: is larger than 1 MiB, which is too large for YAML"),
    "a long number": (f"a: {DIGITS}", "f:1: not YAML: a number of more than 1,000 digits"),
    "a long number of base 60": ("a: 1" + ":59" * 100_000, "f:1: not YAML: a number of more than 1,000 digits"),
    "a long number of base 16": ("a: 0x" + "f" * 100_000, "f:1: not YAML: a number of more than 1,000 digits"),
    "a Python object": ("!!python/object/apply:os.system [id]", "f:1: not YAML: could not determine a constructor"),
}


@pytest.mark.parametrize("attack", YAML)
def test_yaml_is_refused_before_anything_is_built_of_it(attack: str) -> None:
    text, said = YAML[attack]
    with pytest.raises(ContentError) as caught:
        parse_yaml("f", text)
    assert said in caught.value.message


def as_culture(file: Path) -> object:
    place = file.parent / "personas" / "cultures"
    place.mkdir(parents=True)
    file.rename(place / "japan.yaml")
    return CultureCatalogue(Content(file.parent)).culture("japan")


YAML_READERS: dict[str, Callable[[Path], object]] = {
    "recipe": lambda file: load_recipe(Content(), str(file)),
    "mapping": lambda file: load_mapping(Content(), file, load_offense_suite(Content()), ["japan"]),
    "culture": as_culture,
}


@pytest.mark.parametrize("text", [NESTED, LAUGHS], ids=["nested", "laughs"])
@pytest.mark.parametrize("reader", YAML_READERS)
def test_every_yaml_file_has_these_bounds(tmp_path: Path, reader: str, text: str) -> None:
    file = tmp_path / "file.yaml"
    file.write_text(text)
    with pytest.raises(ClcaError, match=r"nested more than 50|its aliases stand for"):
        YAML_READERS[reader](file)


FORMS = [
    "{family:>9999999999}",
    "{family}" * 8 + "-san",
    "{given.__class__}",
    "{given[0]}",
    "{given!r}",
    "{x}",
    "{",
    "{}",
]


@pytest.mark.parametrize("form", FORMS)
def test_a_form_of_address_takes_neither_memory_nor_time(tmp_path: Path, form: str) -> None:
    """Its width would be filled with spaces; and of eight names in one pattern, 60 capitals take a quarter minute."""
    text = Content().text("personas/cultures/japan.yaml").replace('"{family}-san"', json.dumps(form), 1)
    file = tmp_path / "japan.yaml"
    file.write_text(text)
    with pytest.raises(ContentError, match=r"address\.formal: .* may use only \{given\} and \{family\}, each once"):
        as_culture(file)


def test_sentences_are_found_at_once_in_quotation_marks_alone() -> None:
    catalogue = CultureCatalogue(Content())
    marks, japan = CultureMarks(catalogue), catalogue.culture("japan")
    began = time.monotonic()
    for text in ('"' * 20_000, "(" * 20_000, "." + " " * 20_000):
        assert marks.foreign(japan, [text]) == ()
    assert time.monotonic() - began < 5


def profile_with(folder: Path, change: Callable[[Any], None]) -> Content:
    """A workspace with the profile of Japan, in which something is changed."""
    document = yaml.safe_load(Content().text("personas/cultures/japan.yaml"))
    change(document)
    (folder / "personas" / "cultures").mkdir(parents=True)
    (folder / "personas" / "cultures" / "japan.yaml").write_text(yaml.safe_dump(document))
    return Content(folder)


@pytest.mark.parametrize("name", ["x" * 40, "a: b", "a\nb", "\x1b[31m", "/b", "a/", " "])
def test_a_name_of_a_profile_is_one_that_people_can_have(tmp_path: Path, name: str) -> None:
    """Those that no record of a person takes would end a command in a traceback."""
    content = profile_with(tmp_path, lambda it: it["names"]["communities"][0].update(family={1: [name]}))
    with pytest.raises(ContentError, match="is no name: a line of up to 39 characters"):
        read_profile(content, "personas/cultures/japan.yaml")


@pytest.mark.parametrize("share", [float("nan"), float("inf"), 0])
def test_a_share_of_names_is_a_number_above_zero(tmp_path: Path, share: float) -> None:
    content = profile_with(tmp_path, lambda it: it["names"]["communities"][0].update(share=share))
    with pytest.raises(ContentError, match="is no share above 0"):
        read_profile(content, "personas/cultures/japan.yaml")


@pytest.mark.parametrize("words", ["(", "[", "(a|aa|[^ ])+x!", "\\1"])
def test_words_of_a_dialect_are_no_pattern(words: str) -> None:
    began = time.monotonic()
    assert localize(f"A lorry, {'a' * 60}?", {words: "x", "lorry": "truck"}) == f"A truck, {'a' * 60}?"
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("form", ["{given} w", "{given} d", "{given} i", "{given}-z", "{family} ("])
def test_a_form_of_address_is_no_pattern(tmp_path: Path, form: str) -> None:
    """Its letters may stand in the pattern that is made of it."""

    def called(document: Any) -> None:
        rule = next(rule for rule in document["address"]["rules"] if "{" in str(rule["call"]))
        rule["call"] = form

    catalogue = CultureCatalogue(profile_with(tmp_path, called))
    text = "They saw " + form.format(given="Naruhito", family="Watanabe")
    found = CultureMarks(catalogue).foreign(catalogue.culture("greece"), [f"{text}."])
    assert form.format(given="Naruhito", family="Watanabe") in found or form.endswith("(")


def test_long_lists_of_a_profile_are_looked_at_once(tmp_path: Path) -> None:
    names = {1: [f"N{number}" for number in range(15_000)]}
    content = profile_with(tmp_path / "names", lambda it: it["names"]["communities"][0].update(family=names))
    began = time.process_time()
    read_profile(content, "personas/cultures/japan.yaml")
    assert time.process_time() - began < 5
    rules = [{"age_from": 5000 - number, "call": "none"} for number in range(2500)]
    content = profile_with(tmp_path / "rules", lambda it: it["address"]["rules"].__setitem__(slice(0, 0), rules))
    with pytest.raises(ContentError, match=r"address\.rules: more than 500"):
        read_profile(content, "personas/cultures/japan.yaml")
    assert time.process_time() - began < 10


# ---------------------------------------------------------------- TOML

TOML = {
    "lists in lists": ("x = " + NESTED, "f: not TOML: nested too deeply"),
    "tables in tables": ("x = " + "{a = " * 100_000, "f: not TOML: nested too deeply"),
    "a long number": (f"x = {DIGITS}", "f: not TOML: Exceeds the limit"),
    "a long number of base 16": ("x = 1\ny = 0x" + "f" * 100_000, "f:2: a number of 1,000 digits"),
    "a key of many parts": ("x" + ".a" * 200_000 + " = 1", "f:1: a name of more than 20 parts"),
    "a table of many parts": ("[x" + ' . "a"' * 200_000 + "]", "f:1: a name of more than 20 parts"),
}


@pytest.mark.parametrize("attack", TOML)
def test_toml_is_refused_before_it_stops_the_program(attack: str) -> None:
    text, said = TOML[attack]
    with pytest.raises(SettingsError) as caught:
        parse_toml("f", text)
    assert caught.value.message.startswith(said)


# ---------------------------------------------------------------- JSON


def whole(folder: Path) -> object:
    """A checkpoint that is not whole is none, whatever its mark says."""
    if checkpoints.latest(folder.parent.parent) is None:
        raise StoreError("no checkpoint")
    return None


def dialogue_lines(folder: Path) -> object:
    return list(read_dialogues(folder))


JSON_READERS: dict[str, tuple[str, Callable[[Path], object]]] = {
    "run": ("run.json", read_run),
    "evaluation": ("evaluation.json", read_info),
    "manifest": ("manifest.json", read_manifest),
    "adapter": ("adapter.json", read_adapter),
    "config": ("config.json", read_model_folder),
    "checkpoint": ("checkpoints/checkpoint-1/whole.json", lambda folder: whole(folder / "checkpoints/checkpoint-1")),
    "dialogues": ("dialogues.jsonl", dialogue_lines),
    "opened dialogues": ("dialogues.jsonl", RunDir),
    "predictions": ("predictions.jsonl", lambda folder: list(read_records(folder, Prediction))),
    "choices": ("predictions.jsonl", lambda folder: list(read_records(folder, Choice))),
    "scenarios": ("scenarios.jsonl", lambda folder: FileScenarios(folder / "scenarios.jsonl")),
    "scores": ("scores.json", lambda folder: read_evaluation(str(folder), "offense")),
    "index": ("model.safetensors.index.json", read_model_folder),
}
VALUES = {
    "nested": f'{{"id": {NESTED}',
    "nested and closed": f'{{"id": {"[" * 900 + "]" * 900}}}',
    "nested beside half of a pair": f'{{"id": "\\udc80", "a": {NESTED}',
    "digits": f'{{"id": {DIGITS}}}',
}


@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize("reader", JSON_READERS)
def test_json_is_refused_whatever_it_holds(tmp_path: Path, reader: str, value: str) -> None:
    name, read = JSON_READERS[reader]
    file = tmp_path / name
    file.parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / "model.safetensors").touch()
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "evaluation.json").write_text('{"kind": "offense"}')
    file.write_text(VALUES[value] + "\n")
    with pytest.raises(ClcaError) as caught:
        read(tmp_path)
    assert len(caught.value.message) < 1000


def survey_evaluation(**changes: Any) -> dict[str, Any]:
    """An `evaluation.json` of the survey as it may be, of two synthetic respondents, and what is changed in it."""
    content = Content()
    load_suite(content)
    CultureCatalogue(content).culture("japan")
    inputs = {
        "cultures": {"japan": ["persona"]},
        "countries": {"japan": ["japan"]},
        "languages": {"japan": "en"},
        "respondents": 2,
        "seed": 1,
        "items": ["Q1"],
        "data": None,
    }
    return {
        "kind": "wvs",
        "finished": True,
        "inputs": {**inputs, **changes.pop("inputs", {})},
        "content": {path: {"sha256": used.digest, "origin": used.origin} for path, used in content.used.items()},
        "weighted": False,
        "data": None,
        "predictions": 0,
        **changes,
    }


@pytest.mark.parametrize(
    "changes",
    [
        {"content": []},
        {"three_points": []},
        {"three_points": {"japan": 3}},
        {"items_version": "x"},
        {"items_version": 5},
        {"taught": 5},
        {"taught": "xy"},
        {"taught": None},
        {"data": 5},
        {"data": ["x"]},
        {"inputs": {"languages": []}},
        {"inputs": {"respondents": -1}},
        {"inputs": {"respondents": 10**12}},
    ],
    ids=str,
)
def test_an_evaluation_of_the_survey_is_read_or_refused_in_one_line(tmp_path: Path, changes: dict[str, Any]) -> None:
    """So many synthetic respondents would take all memory."""
    (tmp_path / "predictions.jsonl").touch()
    (tmp_path / "evaluation.json").write_text(json.dumps(survey_evaluation()))
    assert read_answers(str(tmp_path), tmp_path, None).samples["japan"].synthetic
    (tmp_path / "evaluation.json").write_text(json.dumps(survey_evaluation(**changes)))
    with pytest.raises(ClcaError, match=r"does not name its items and respondents|no more than 100,000 synthetic"):
        read_answers(str(tmp_path), tmp_path, None)


RECORDS = ("run", "evaluation", "manifest", "adapter", "dialogues", "opened dialogues", "predictions", "scenarios")


@pytest.mark.parametrize("values", [b'{"turns": [' + b"1," * 10**6 + b"1]}", b"{" + b'"a": 1,' * 10**6 + b'"b": 1}'])
@pytest.mark.parametrize("reader", RECORDS)
def test_a_record_of_a_million_values_is_not_read(tmp_path: Path, reader: str, values: bytes) -> None:
    name, read = JSON_READERS[reader]
    (tmp_path / name).write_bytes(values + b"\n")
    with pytest.raises(ClcaError, match="more than 100,000 values"):
        read(tmp_path)


def test_a_line_of_content_has_as_few_values() -> None:
    line = '{"id": [' + "1," * 10**6 + "1]}"
    with pytest.raises(ContentError, match=r"^norms\.jsonl:2: more than 100,000 values"):
        read_jsonl("norms.jsonl", f"\n{line}", Norm)


@pytest.mark.parametrize("record", ['{"id": 7}', '{"id": ["x"]}', '{"id": null}', "[]", '"id"'])
def test_a_dialogue_without_an_id_is_no_record(tmp_path: Path, record: str) -> None:
    (tmp_path / "dialogues.jsonl").write_text(record + "\n")
    with pytest.raises(ContentError, match="not a record of a run"):
        dialogue_lines(tmp_path)


@pytest.mark.parametrize("usage", ['{"requests": 1e400}', '{"requests": -1}', f'{{"requests": {"9" * 40}}}', "[]", "7"])
def test_counts_that_no_run_has_are_no_record(tmp_path: Path, usage: str) -> None:
    usage = usage.replace("}", ', "prompt_tokens": 1, "completion_tokens": 1}')
    (tmp_path / "dialogues.jsonl").write_text(f'{{"id": "a", "reason": "", "usage": {usage}}}\n')
    with pytest.raises(ContentError, match=r"dialogues\.jsonl:1: not a record of a run"):
        RunDir(tmp_path)


# ---------------------------------------------------------------- size

SIZES: dict[str, tuple[str, Callable[[Path], object]]] = {
    "run": ("run.json", read_run),
    "evaluation": ("evaluation.json", read_info),
    "adapter": ("adapter.json", read_adapter),
    "config": ("config.json", read_model_folder),
    "content": ("prompts/turn.j2", lambda folder: Content(folder).text("prompts/turn.j2")),
    "recipe": ("recipe.yaml", lambda folder: load_recipe(Content(), str(folder / "recipe.yaml"))),
    "questions": ("test.csv", lambda folder: read_items(folder / "test.csv")),
    "matrix": ("matrix.csv", lambda folder: read_matrix(folder / "matrix.csv")),
    "line of a run": ("dialogues.jsonl", lambda folder: list(read_lines(folder / "dialogues.jsonl"))),
    "line of scenarios": ("scenarios.jsonl", lambda folder: FileScenarios(folder / "scenarios.jsonl")),
}


@pytest.mark.parametrize("reader", SIZES)
def test_a_terabyte_is_not_read(tmp_path: Path, reader: str) -> None:
    name, read = SIZES[reader]
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / "model.safetensors").write_bytes(b"0" * 64)
    sparse(tmp_path / name, 2**40)
    with pytest.raises(ClcaError, match=r"larger than|line of more than|too large"):
        read(tmp_path)


def test_the_largest_file_and_the_longest_line_are_read(tmp_path: Path) -> None:
    (tmp_path / "prompts").mkdir()
    (tmp_path / "prompts" / "turn.j2").write_bytes(b"x" * LARGEST)
    assert len(Content(tmp_path).text("prompts/turn.j2")) == LARGEST
    (tmp_path / "lines").write_bytes(b"x" * (LONGEST - 1) + b"\n")
    assert [end for end, _ in read_lines(tmp_path / "lines")] == [LONGEST]


# ---------------------------------------------------------------- pipes, which would be waited for

PIPES: dict[str, tuple[str, Callable[[Path], object]]] = {
    **SIZES,
    "mapping": ("mapping.yaml", lambda folder: YAML_READERS["mapping"](folder / "mapping.yaml")),
    "weights": ("model.safetensors", lambda folder: read_keys(folder / "model.safetensors")),
    "respondents": ("respondents.parquet", open_respondents),
    "appended lines": ("failed.jsonl", lambda folder: LineFile(folder / "failed.jsonl")),
    "reply cache": ("journal.sqlite", lambda folder: ReplyCache(folder / "journal.sqlite")),
}


@pytest.mark.parametrize("reader", PIPES)
def test_a_pipe_is_not_waited_for(tmp_path: Path, reader: str) -> None:
    name, read = PIPES[reader]
    (tmp_path / name).parent.mkdir(exist_ok=True)
    os.mkfifo(tmp_path / name)
    with pytest.raises((ClcaError, OSError)):
        read(tmp_path)


# ---------------------------------------------------------------- links out of the folder

SECRET = '{"password": "hunter2"}\n'
LINKS: dict[str, tuple[str, Callable[[Path], object]]] = {
    "run": ("run.json", read_run),
    "dialogues": ("dialogues.jsonl", dialogue_lines),
    "dialogues to learn from": ("dialogues.jsonl", lambda folder: lineage(read_run(folder))),
    "evaluation": ("evaluation.json", read_info),
    "scores": ("scores.json", lambda folder: read_evaluation(str(folder), "offense")),
    "predictions": ("predictions.jsonl", lambda folder: list(read_records(folder, Prediction))),
    "adapter": ("adapter.json", read_adapter),
    "manifest": ("manifest.json", read_manifest),
    "content": ("prompts/turn.j2", lambda folder: Content(folder).text("prompts/turn.j2")),
}


@pytest.mark.parametrize("way", ["absolute", "relative", "folder"])
@pytest.mark.parametrize("reader", LINKS)
def test_a_link_that_leaves_the_folder_is_not_followed(tmp_path: Path, reader: str, way: str) -> None:
    name, read = LINKS[reader]
    outside, folder = tmp_path / "home", tmp_path / "theirs"
    outside.mkdir()
    (outside / Path(name).name).write_text(SECRET)
    link = folder / name
    link.parent.mkdir(parents=True)
    (folder / "evaluation.json").write_text('{"kind": "offense"}')
    (folder / "run.json").write_text("{}")
    link.unlink(missing_ok=True)
    if way == "folder" and link.parent != folder:
        link.parent.rmdir()
        link.parent.symlink_to(outside)
    elif way == "relative":
        link.symlink_to(os.path.relpath(outside / link.name, link.parent))
    else:
        link.symlink_to(outside / link.name)
    with pytest.raises(ClcaError, match="is a link that leads out of") as caught:
        read(folder)
    assert "hunter2" not in caught.value.message


def test_a_link_within_the_folder_and_one_to_the_folder_are_followed(tmp_path: Path) -> None:
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "earlier.json").write_text('{"finished": true}')
    (tmp_path / "runs" / "run.json").symlink_to("earlier.json")
    (tmp_path / "scratch").symlink_to("runs")
    assert read_run(tmp_path / "scratch").data == {"finished": True}


def test_a_folder_of_content_that_is_a_link_is_not_walked(tmp_path: Path) -> None:
    (tmp_path / "study").mkdir()
    (tmp_path / "study" / "eval").symlink_to("/usr")
    began = time.monotonic()
    with pytest.raises(ContentError, match=r"study/eval: is a link that leads out of the workspace"):
        Content(tmp_path / "study").files()
    assert time.monotonic() - began < 1


def test_a_test_set_is_a_file_of_its_folder(tmp_path: Path) -> None:
    (tmp_path / "secret.jsonl").write_text(SECRET)
    entry: dict[str, Any] = {"culture": "japan", "task": "../../secret", "type": "offensive", "rows": 1}
    entry |= dict.fromkeys(("sha256", "source", "source_sha256"), "") | {"labels": {}, "corrected": {}, "gold": {}}
    manifest = {"version": "1", "mapping": "", "mapping_sha256": "", "sets": [entry]}
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(ContentError, match=r"sets\.0\.task: String should match pattern"):
        open_tests(tmp_path / "out", Content())


# ---------------------------------------------------------------- models and adapters

SHAPE = {
    "num_attention_heads": 4, "hidden_size": 128, "num_hidden_layers": 2, "vocab_size": 4096,
    "max_position_embeddings": 4096, "torch_dtype": "float32",
}  # fmt: skip


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("num_hidden_layers", "1000000000"),
        ("vocab_size", "1000000000000"),
        ("hidden_size", "9" * 300),
        ("num_attention_heads", "1e400"),
        ("max_position_embeddings", "-1"),
        ("intermediate_size", "1e18"),
        ("num_experts", "1000000000"),
        ("num_hidden_layers", "NaN"),
    ],
)
def test_a_configuration_of_no_model_is_refused(tmp_path: Path, key: str, value: str) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"0" * 64)
    (tmp_path / "config.json").write_text(json.dumps(SHAPE | {key: "?"}).replace('"?"', value))
    with pytest.raises(ClcaError, match=rf"config\.json: {key} is not between 0 and "):
        read_model_folder(tmp_path)


@pytest.mark.parametrize(
    "data",
    [
        struct.pack("<Q", 2**63) + b"{}",
        struct.pack("<Q", 2**30) + b"{",
        struct.pack("<Q", len(NESTED)) + NESTED.encode(),
        struct.pack("<Q", 2) + b"[]",
        b"\0\0",
    ],
    ids=["a length of exabytes", "a length of a gigabyte", "nested", "a list", "cut off"],
)
def test_a_safetensors_header_is_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "adapter_model.safetensors").write_bytes(data)
    with pytest.raises((ValueError, struct.error)):
        read_keys(tmp_path / "adapter_model.safetensors")


def test_an_adapter_of_a_stranger_is_named_and_not_read(tmp_path: Path) -> None:
    (tmp_path / "theirs" / "one").mkdir(parents=True)
    (tmp_path / "theirs" / "one" / "adapter.json").write_text(NESTED)
    with pytest.raises(ClcaError, match=r"adapter\.json"):
        find_adapters("theirs/one", tmp_path)


def adapter(folder: Path, recipe: object, layer: str = "model.layers.0.q", **config: object) -> Path:
    """An adapter of one layer, and its student as a folder that holds the layer's name."""
    keys = {
        f"base_model.model.{layer}.lora_{side}.weight": {"dtype": "F32", "shape": [1, 1], "data_offsets": [0, 4]}
        for side in "AB"
    }
    header = json.dumps(keys).encode()
    counts: dict[str, object] = {key: {} for key in ("rows", "tokens", "trained", "cut", "dropped")} | {"sha256": ""}
    texts = dict.fromkeys(("created", "recipe_sha256", "device", "compute"), "")
    numbers = dict.fromkeys(("examples", "rows", "steps", "loss", "seconds", "tokens_per_second", "processes"), 1)
    lists = dict.fromkeys(("cultures", "because", "lineage", "losses"), ())
    record = {
        **texts, **numbers, **lists, "rehearsal": False, "recipe": recipe, "train": counts, "held_out": counts,
        "content": {}, "versions": {}, "eval_loss": None, "best_step": None,
        "student": {"name": "s", "source": "s", "revision": None, "tiny": True},
    }  # fmt: skip
    for place, content in (("adapter.json", record), ("adapter_config.json", config)):
        (folder / place).write_text(json.dumps(content))
    (folder / "adapter_model.safetensors").write_bytes(struct.pack("<Q", len(header)) + header + b"\0" * 4)
    return folder


RECIPE = {"name": "r", "base": {"bits": 16}, "data": {"mix": "wvs"}, "lora": {"r": 1, "alpha": 1, "targets": ["q"]}}


@pytest.mark.parametrize(
    "change",
    [{"data": "x"}, {"data": None}, {"data": {"mix": ["wvs"]}}, {"name": []}, {"base": {"bits": []}}, {"base": 4},
     {"lora": {"r": 1, "alpha": 1, "targets": 1e308}}, {"lora": []}],
)  # fmt: skip
def test_a_recipe_of_an_adapter_is_of_its_kind(tmp_path: Path, change: dict[str, object]) -> None:
    read_adapter(adapter(tmp_path, RECIPE, base_model_name_or_path="s"))
    with pytest.raises(ContentError, match=r"adapter\.json: recipe: \w+"):
        read_adapter(adapter(tmp_path, RECIPE | change, base_model_name_or_path="s"))


@pytest.mark.parametrize("offsets", [[[1]], [], 5, "x", None, {}, [0, "x"], [0, 10**30], [0, []]])
def test_an_adapter_whose_weights_end_nowhere_is_damaged(tmp_path: Path, offsets: object) -> None:
    folder = adapter(tmp_path, RECIPE, base_model_name_or_path="s")
    header = json.dumps({"x.lora_A.weight": {"dtype": "F32", "shape": [1], "data_offsets": offsets}}).encode()
    (folder / "adapter_model.safetensors").write_bytes(struct.pack("<Q", len(header)) + header + b"\0" * 4)
    with pytest.raises(ContentError, match="damaged or missing"):
        read_adapter(folder)


def test_an_adapter_whose_recipe_lacks_a_part_is_not_shown_and_not_merged(tmp_path: Path) -> None:
    recipe = {"name": "r", "base": {"bits": 16}}
    folder = adapter(tmp_path, recipe, base_model_name_or_path="s")
    with pytest.raises(ContentError, match=r"adapter\.json: recipe: lora: missing key"):
        show_adapter(str(folder), tmp_path, as_json=False)
    with pytest.raises(ContentError, match=r"adapter\.json: recipe: summary: missing key"):
        merge(read_adapter(folder), tmp_path / "merged")


def test_an_adapter_imports_no_module(tmp_path: Path) -> None:
    """PEFT imports what `megatron_core` names, whatever it is."""
    more = {"base_model_name_or_path": "s", "megatron_config": {"x": 1}, "megatron_core": "antigravity"}
    with pytest.raises(ContentError, match=r"adapter_config\.json: megatron_config: PEFT would import a module for it"):
        read_adapter(adapter(tmp_path, RECIPE, **more))


@pytest.mark.parametrize("layer", ["vision" * 100_000, ".a.1" * 100_000 + "\n\n"], ids=["words", "numbers"])
@pytest.mark.parametrize("where", ["adapter", "student", "index"])
def test_names_of_tensors_have_an_end(tmp_path: Path, where: str, layer: str) -> None:
    """The patterns that take a layer's name apart need minutes for one of a megabyte."""
    student, folder = tmp_path / "student", tmp_path / "adapter"
    student.mkdir()
    folder.mkdir()
    name, short = f"{layer}.weight", "model.layers.0.q.weight"
    header = json.dumps({name if where == "student" else short: {"data_offsets": [0, 4]}}).encode()
    (student / "model.safetensors").write_bytes(struct.pack("<Q", len(header)) + header + b"\0" * 4)
    if where == "index":
        (student / "model.safetensors.index.json").write_text(json.dumps({"weight_map": {name: "model.safetensors"}}))
    theirs = {"layer": layer} if where == "adapter" else {}
    adapter(folder, RECIPE, **theirs, base_model_name_or_path=str(student), target_modules=["q"])
    began = time.monotonic()
    if where == "adapter":
        with pytest.raises(ContentError, match="damaged or missing"):
            read_adapter(folder)
    else:
        read_adapter(folder)  # the student is refused where it is loaded
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("index", ["{}", "[]", '{"weight_map": 7}', '{"weight_map": [7]}'])
def test_an_index_of_a_student_is_data(tmp_path: Path, index: str) -> None:
    (tmp_path / "model.safetensors.index.json").write_text(index)
    read_adapter(adapter(tmp_path, RECIPE, base_model_name_or_path=str(tmp_path)))


@pytest.mark.parametrize(
    "record", ['{"inputs": "x"}', '{"inputs": 5}', '{"counts": {"kept": "x"}}', '{"fingerprint": []}']
)
def test_a_run_whose_record_is_of_another_kind_is_refused(tmp_path: Path, record: str) -> None:
    (tmp_path / "run.json").write_text(record)
    with pytest.raises(StoreError, match=r"cannot read .*run\.json \(its "):
        read_run(tmp_path)


def edited(folder: Path, name: str, content: bytes | dict[str, Any]) -> None:
    """Changes the keys of a file of JSON, or puts other bytes in its place."""
    file = folder / name
    if isinstance(content, dict):
        content = json.dumps(json.loads(file.read_text()) | content).encode()
    file.write_bytes(content)


MODEL_FILES: dict[str, tuple[str, bytes | dict[str, Any]]] = {
    "a tokenizer that is a list": ("tokenizer.json", b"[]"),
    "a nested tokenizer": ("tokenizer.json", NESTED.encode()),
    "a tokenizer of another version": ("tokenizer.json", {"version": 5}),
    "a tokenizer without tokens": ("tokenizer.json", {"added_tokens": None}),
    "a tokenizer without a model": ("tokenizer.json", {"model": {}}),
    "settings that are null": ("tokenizer_config.json", b"null"),
    "nested settings": ("tokenizer_config.json", NESTED.encode()),
    "a token that is a number": ("tokenizer_config.json", {"bos_token": 5}),
    "a class that is a list": ("tokenizer_config.json", {"tokenizer_class": []}),
    "tokens that are a text": ("tokenizer_config.json", {"added_tokens_decoder": "x"}),
    "files that are a number": ("tokenizer_config.json", {"fast_tokenizer_files": 5}),
    "tokens in a list": ("special_tokens_map.json", b"[]"),
    "sampling that is a list": ("generation_config.json", b"[]"),
    "nested sampling": ("generation_config.json", NESTED.encode()),
    "a quantisation without bits": ("config.json", {"quantization_config": {"quant_method": "gptq"}}),
    "a quantisation that is a list": ("config.json", {"quantization_config": [1]}),
    "an activation of nobody": ("config.json", {"hidden_act": "x"}),
    "a number format of nobody": ("config.json", {"dtype": "x"}),
    "a size that is a text": ("config.json", {"initializer_range": "x"}),
    "a size that is not the weights'": ("config.json", {"intermediate_size": 8}),
    "layers of terabytes": ("config.json", {"intermediate_size": 2**24, "num_hidden_layers": 1000}),
    "a kernel of the hub": ("config.json", {"attn_implementation": "nobody/kernel"}),
}


@pytest.mark.parametrize("attack", MODEL_FILES)
def test_a_file_of_a_model_is_refused_in_one_line(tmp_path: Path, tiny_student: Student, attack: str) -> None:
    folder = tmp_path / "model"
    shutil.copytree(tiny_student.source, folder)
    edited(folder, *MODEL_FILES[attack])
    student = replace(tiny_student, source=str(folder))
    with pytest.raises(SettingsError, match=rf"^{folder}") as caught:
        _ = load_tokenizer(student), load_model(student, Quantization(bits=16), "cpu")
    assert "\n" not in caught.value.message


# ---------------------------------------------------------------- surveys


def test_a_packed_survey_that_unpacks_without_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "_LEAST", 2**20)  # what any file may unpack to is not read for each run of this test
    file = tmp_path / "survey.csv.gz"
    head = official(people({"JPN": 2}))
    with gzip.open(file, "wb") as stream:
        stream.write(head)
        for _ in range(20):
            stream.write(b"\n" * 2**20)
    assert file.stat().st_size < 2**16
    with pytest.raises(ContentError, match="unpacks to more than 200 times its size"):
        import_survey([file], load_codebook(Content()), tmp_path / "out")


@pytest.mark.parametrize("metadata", ["none", "nested", "columns"])
def test_respondents_of_another_program_are_refused(tmp_path: Path, metadata: str) -> None:
    survey = tmp_path / "survey.csv"
    survey.write_bytes(official(people({"JPN": 2})))
    import_survey([survey], load_codebook(Content()), tmp_path)
    table = parquet.read_table(tmp_path / "respondents.parquet")
    if metadata == "none":
        table = table.replace_schema_metadata({})
    elif metadata == "nested":
        table = table.replace_schema_metadata({b"clca": NESTED.encode()})
    else:
        table = table.drop_columns(["weight"])
    parquet.write_table(table, tmp_path / "respondents.parquet")
    with pytest.raises(StoreError, match="was not written by `clca data import-wvs`, or is damaged"):
        open_respondents(tmp_path)


def test_respondents_with_cells_of_another_kind_are_refused(tmp_path: Path) -> None:
    survey = tmp_path / "survey.csv"
    survey.write_bytes(official(people({"JPN": 2})))
    import_survey([survey], load_codebook(Content()), tmp_path)
    table = parquet.read_table(tmp_path / "respondents.parquet")
    column = table.column_names.index("id")
    parquet.write_table(table.set_column(column, "id", pa.array([[1], [2]])), tmp_path / "respondents.parquet")
    with pytest.raises(StoreError, match="is damaged"):
        list(open_respondents(tmp_path).respondents(["japan"]))


@pytest.mark.parametrize("attack", ["texts", "lists"])
def test_respondents_whose_cells_repeat_megabytes_are_refused(tmp_path: Path, attack: str) -> None:
    """A few kilobytes: one cell of the dictionary stands in every row, or one row holds a list without end."""
    survey = tmp_path / "survey.csv"
    survey.write_bytes(official(people({"JPN": 60})))
    import_survey([survey], load_codebook(Content()), tmp_path)
    table = parquet.read_table(tmp_path / "respondents.parquet")
    cell = "x" * 2**22 if attack == "texts" else [None] * 2**16
    table = table.set_column(table.column_names.index("id"), "id", pa.array([cell] * 60))
    parquet.write_table(table, tmp_path / "respondents.parquet", compression="zstd")
    assert (tmp_path / "respondents.parquet").stat().st_size < 2**16
    before = pa.total_allocated_bytes()
    with pytest.raises(StoreError, match=r"or is damaged \(a (cell of 4,194,304 bytes|column of list)"):
        list(open_respondents(tmp_path).respondents(["japan"]))
    assert pa.total_allocated_bytes() - before < 2**26


@pytest.mark.parametrize("attack", ["cell", "rows", "choices"])
def test_questions_whose_cells_repeat_megabytes_are_refused(tmp_path: Path, attack: str) -> None:
    """A few kilobytes: one cell of the dictionary stands in every row, or in every choice."""
    cell = "x" * (2**22 if attack == "cell" else 2**19)
    row = {"question": "Why?", "subject": "anatomy", "choices": ["a", "b", "c", "d"], "answer": 0}
    row |= {"choices": [cell] * 4} if attack == "choices" else {"question": cell}
    rows = {"cell": 2, "rows": 600, "choices": 150}[attack]
    for split in ("dev", "test"):
        file = tmp_path / f"{split}-0.parquet"
        parquet.write_table(pa.Table.from_pylist([row] * rows), file, compression="zstd")
        assert file.stat().st_size < 2**16
    before = pa.total_allocated_bytes()
    with pytest.raises(
        SettingsError, match=r"cannot be loaded: (a cell of 4,194,304 bytes|more than 256 MiB of text|3 pages of)"
    ):
        read_hub(str(tmp_path), ("anatomy",), ("anatomy",), named=True)
    assert pa.total_allocated_bytes() - before < 2**26


@pytest.mark.parametrize("cell", ["1,", '"\n",'], ids=["of one line", "of many lines"])
def test_a_row_of_a_survey_without_end_is_refused(tmp_path: Path, cell: str) -> None:
    header, *_ = official(people({"JPN": 1})).decode().splitlines()
    file = tmp_path / "survey.csv"
    file.write_text(f"{header}\n{cell * 2**20}\n")
    with pytest.raises(ContentError, match=r":2: a row of more than 1,048,576 characters begins here$"):
        import_survey([file], load_codebook(Content()), tmp_path)


@pytest.mark.parametrize("half", [r"\ud800", r"\udfff", r"\udc00", r"\\\ud800", r"\udcff\ud800"])
def test_half_a_character_by_which_no_file_is_called_is_no_json(half: str) -> None:
    with pytest.raises(ValueError, match=r"escape|surrogate"):
        parse_json(f'{{"path": "{half}"}}'.encode())


def test_a_path_that_is_no_utf_8_is_read_back() -> None:
    path = "a\udcff\U0001f600\\ud800"
    assert parse_json(json.dumps({"path": path}).encode()) == {"path": path}


def test_a_terabyte_of_nothing_has_no_digest(tmp_path: Path) -> None:
    sparse(tmp_path / "predictions.jsonl", 2**40)
    with pytest.raises(StoreError, match=r"predictions\.jsonl: it is 1,024 GiB of nothing"):
        file_sha256(tmp_path / "predictions.jsonl")


@pytest.mark.parametrize(("name", "opened"), [("reviews.jsonl", ReviewFile), ("requests.jsonl", RequestFile)])
def test_the_end_of_a_file_that_is_appended_to_is_looked_for_in_bounds(
    tmp_path: Path, name: str, opened: type[ReviewFile | RequestFile]
) -> None:
    sparse(tmp_path / name, 2**40)
    with pytest.raises(StoreError, match="what stands at its end was not written by clca"):
        opened(tmp_path)


def test_a_matrix_of_more_names_than_cultures_is_refused_at_once(tmp_path: Path) -> None:
    names = ",".join(f"c{number}" for number in range(400_000))
    (tmp_path / "m.csv").write_text(f"adapter,{names}\n")
    began = time.monotonic()
    with pytest.raises(ContentError, match="more than 1,000 columns"):
        read_matrix(tmp_path / "m.csv")
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("texts", [("a", "\n" * 1_000_000 + ": Ben"), ("a", "Yes. " * 1000) * 200], ids=["one", "all"])
def test_a_dialogue_that_no_teacher_wrote_is_not_audited(tmp_path: Path, texts: tuple[str, ...]) -> None:
    """The rules of turns, by which it is looked at before a judge is asked, take the square of a text's length."""
    run = read_run(write_run(tmp_path / "japan" / "one", [talk(1), talk(2, texts)]))
    with pytest.raises(StoreError, match="talk-2 is too long to be judged"):
        draw_sources([run], 10, 42)


def test_a_line_of_a_log_is_read_once() -> None:
    """What a model's files make vLLM say stands in its log, of which 256 KiB are read."""
    began = time.monotonic()
    assert error_line(["(EngineCore pid=" + "1" * 250_000]) == ""
    assert time.monotonic() - began < 5
