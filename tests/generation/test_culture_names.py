from __future__ import annotations

import re

import pytest

from clca.content.lookup import Content
from clca.content.prompts import Prompts
from clca.culture import CultureCatalogue
from clca.generation.config import GenerateConfig
from clca.generation.cost import render_tasks
from clca.generation.scenarios import SeedScenarios, load_norms


@pytest.mark.parametrize("name", ["usa", "uk"])
def test_no_prompt_of_a_run_names_a_country_without_its_article(catalogue: CultureCatalogue, name: str) -> None:
    content, config = Content(), GenerateConfig(norms=1)
    culture = catalogue.culture(name)
    seeds, norms = SeedScenarios(content, None, config.seed), load_norms(content, culture, 1, config.seed)
    tasks = render_tasks(catalogue, name, seeds, norms, Prompts.load(content), config)
    texts = [message["content"] for task in tasks.values() for message in task.request.messages]
    with_article = re.compile(rf"\b(in|of|than) the {culture.name}")
    assert {
        task for task, rendered in tasks.items() if with_article.search(rendered.request.messages[0]["content"])
    } == (tasks.keys())
    assert not any(re.search(rf"\b(in|of|than) {culture.name}", text) for text in texts)
