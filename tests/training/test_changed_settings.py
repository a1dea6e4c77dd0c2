from __future__ import annotations

from pathlib import Path

import pytest

from clca.content.lookup import Content
from clca.training.changed_settings import changed_settings
from clca.training.recipe_files import load_recipe, recipe_names


@pytest.mark.parametrize("name", recipe_names(Content()))
def test_a_packaged_recipe_is_as_it_is(name: str) -> None:
    assert changed_settings(load_recipe(Content(), name)) == ()


def test_what_is_set_is_changed_but_for_what_is_compared_on_its_own() -> None:
    sets = ("lora.r=4", "training.epochs=30", "data.mix=intent-only", "student=qwen2.5-7b", "seed=7", "training.log=[]")
    assert changed_settings(load_recipe(Content(), "clca", sets)) == ("lora.r", "training.epochs")


def test_a_recipe_of_ones_own_is_changed_only_under_a_packaged_name(tmp_path: Path) -> None:
    for name, changed in (("mine", ()), ("clca", ("lora.dropout",))):
        file = tmp_path / f"{name}.yaml"
        file.write_text("extends: clca\nlora: {dropout: 0.3}\n")
        assert changed_settings(load_recipe(Content(), str(file))) == changed
