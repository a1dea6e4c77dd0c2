from __future__ import annotations

from pathlib import Path

import pytest

from clca.content.lookup import Content
from clca.content.prompts import (
    GENERATION_PROMPTS,
    MMLU_PROMPTS,
    RATING_PROMPTS,
    TRAINING_PROMPTS,
    WVS_PAPER_PROMPTS,
    WVS_PROMPTS,
    Prompts,
)
from clca.errors import ContentError
from tests.conftest import Overlay

INTENT = "prompts/intent.j2"
GIVEN = {"culture": "Utopia", "scenario": "s", "transcript": "t", "speaker": "Ruth", "line": "Ruth: Hello."}
TEMPLATE = """\
{# A comment. #}
{% block system %}
You are in {{ culture }}.
{% endblock %}
{% block user %}
First line
XX
{% endblock %}
"""


def fault(overlay: Overlay, tmp_path: Path, text: str) -> str:
    """The fault in a file, found on loading it or on rendering it."""
    content = overlay({INTENT: text})
    with pytest.raises(ContentError) as caught:
        Prompts.load(content).render("intent", "user", **GIVEN)
    return caught.value.message.removeprefix(f"{tmp_path / INTENT}")


def test_a_block_is_a_message_without_the_space_around_it(overlay: Overlay) -> None:
    prompts = Prompts.load(overlay({INTENT: TEMPLATE.replace("XX", "{{ speaker }} & <co>")}))
    assert prompts.render("intent", "system", **GIVEN) == "You are in Utopia."
    assert prompts.render("intent", "user", **GIVEN) == "First line\nRuth & <co>"


def test_what_a_value_holds_is_never_read_as_a_template(overlay: Overlay) -> None:
    prompts = Prompts.load(overlay({INTENT: TEMPLATE.replace("XX", "{{ speaker }}")}))
    assert prompts.render("intent", "user", **{**GIVEN, "speaker": "{{ culture }}"}) == "First line\n{{ culture }}"


@pytest.mark.parametrize(
    ("faulty", "message"),
    [
        ("{{ cultur }}", "cultur: no such variable; this prompt has culture, scenario, speaker, transcript"),
        ("{{ norm.text }}", "norm: no such variable; this prompt has"),
        ("{{ culture }", "not Jinja2: "),
        ("{% if %}", "not Jinja2: "),
        ("{{ culture | nosuch }}", "not Jinja2: No filter named 'nosuch'"),
        ("{% block user %}{% endblock %}", "not Jinja2: block 'user' defined twice"),
    ],
)
def test_a_fault_is_found_on_loading_with_its_line(overlay: Overlay, tmp_path: Path, faulty: str, message: str) -> None:
    content = overlay({INTENT: TEMPLATE.replace("XX", faulty)})
    with pytest.raises(ContentError) as caught:
        Prompts.load(content)
    assert caught.value.message.startswith(f"{tmp_path / INTENT}:7: {message}")


@pytest.mark.parametrize(
    ("faulty", "message"),
    [
        ("{{ culture.nam }}", "'str object' has no attribute 'nam'"),
        ("{{ 1 // 0 }}", "integer division or modulo by zero"),
        ("{% for one in 3 %}{% endfor %}", "'int' object is not iterable"),
        ("{% include 'turn.j2' %}", "no loader for this environment specified"),
    ],
)
def test_a_fault_is_found_on_rendering_with_its_line(
    overlay: Overlay, tmp_path: Path, faulty: str, message: str
) -> None:
    assert fault(overlay, tmp_path, TEMPLATE.replace("XX", faulty)).startswith(f":7: {message}")


def test_a_block_that_calls_itself_is_a_fault(overlay: Overlay, tmp_path: Path) -> None:
    assert "maximum recursion depth exceeded" in fault(overlay, tmp_path, TEMPLATE.replace("XX", "{{ self.user() }}"))


def test_a_prompt_has_exactly_the_blocks_of_its_form(overlay: Overlay, tmp_path: Path) -> None:
    assert fault(overlay, tmp_path, TEMPLATE.replace("block user", "block usr")) == (
        ": block 'user' is missing; did you mean usr?"
    )
    assert fault(overlay, tmp_path, TEMPLATE + "{% block end %}{% endblock %}") == ": unknown block 'end'"


def test_a_value_that_is_not_given_is_a_fault_and_no_gap(overlay: Overlay) -> None:
    prompts = Prompts.load(overlay({INTENT: TEMPLATE.replace("XX", "{{ speaker }}")}))
    with pytest.raises(ContentError, match="'speaker' is undefined"):
        prompts.render("intent", "user", culture="Utopia")


def test_every_form_has_a_shipped_file_and_every_shipped_file_a_form(content: Content) -> None:
    forms = {
        **GENERATION_PROMPTS,
        **RATING_PROMPTS,
        **TRAINING_PROMPTS,
        **WVS_PROMPTS,
        **WVS_PAPER_PROMPTS,
        **MMLU_PROMPTS,
    }
    assert content.files("prompts/*.j2") == sorted(f"prompts/{name}.j2" for name in forms)


@pytest.mark.parametrize("language", ["de", "es", "ja", "zh"])
def test_the_prompts_of_the_survey_are_there_in_other_languages(content: Content, language: str) -> None:
    forms = {**WVS_PROMPTS, **WVS_PAPER_PROMPTS}
    assert content.files(f"prompts/{language}/*.j2") == sorted(f"prompts/{language}/{name}.j2" for name in forms)
    asked = {"question": "?", "options": [(1, "a"), (2, "b")]}
    prompts = Prompts.load(content, WVS_PROMPTS, language)
    assert prompts.render("wvs-question", "user", **asked) == "?\n1. a\n2. b"
    culture = prompts.render("wvs-cultural", "system", culture="Utopia")
    assert "Utopia" in culture
    assert culture != Prompts.load(content, WVS_PROMPTS).render("wvs-cultural", "system", culture="Utopia")
