"""Attacks by a folder of a workspace that is called as a model or a data set of the hub: libraries read it instead."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from clca.content.lookup import Content
from clca.errors import ClcaError
from clca.evaluation.mmlu.config import MmluConfig
from clca.evaluation.mmlu.plan import plan as plan_mmlu
from clca.models import ModelCatalogue, find_model
from clca.quality import embedding
from clca.training.sources.files import SourceFile, records
from clca.training.sources.math import Problem


def student(name: str) -> object:
    return find_model(name, ModelCatalogue(Content()), {"HF_HUB_OFFLINE": "1"})


READERS: dict[str, tuple[str, Callable[[], object]]] = {
    "a model by its alias": ("meta-llama/Llama-3.2-1B-Instruct", lambda: student("llama-3.2-1b")),
    "a model by its id": ("meta-llama/Llama-3.2-1B-Instruct", lambda: student("meta-llama/Llama-3.2-1B-Instruct")),
    "a model that no list has": ("org/name", lambda: student("org/name")),
    "an embedder": ("org/name", lambda: embedding.require_embedder("sentence-transformers:org/name")),
    "examples to learn from": ("org/name", lambda: next(records(SourceFile("gsm8k", "hub:org/name", None), Problem))),
    "MMLU": ("cais/mmlu", lambda: plan_mmlu(MmluConfig(student="org/name", base_url="http://127.0.0.1:1/v1"))),
}


@pytest.mark.parametrize("reader", READERS)
def test_a_folder_is_not_read_in_the_place_of_what_the_hub_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reader: str
) -> None:
    monkeypatch.chdir(tmp_path)
    name, read = READERS[reader]
    (tmp_path / name).mkdir(parents=True)
    with pytest.raises(ClcaError, match=rf"{name} is a folder here, .* give \./{name} for the folder"):
        read()


def test_a_folder_that_is_named_as_one_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "org" / "name").mkdir(parents=True)
    with pytest.raises(ClcaError, match=r"name.*(config\.json|whole model)"):
        student("./org/name")
