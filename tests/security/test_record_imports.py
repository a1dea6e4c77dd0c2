"""Attacks by imported scenarios and norms: text that is no text, markup without an end, people without number."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from clca.errors import ContentError
from clca.generation.importers import sotopia
from clca.generation.importers.atlas_page import read_page
from clca.generation.importers.context import ImportContext
from clca.generation.importers.outcome import RowFault
from clca.generation.importers.sotopia_agents import Agent, drawn_pair, read_agent
from clca.generation.importers.sources import open_sources
from tests.dialogue_examples import scenario
from tests.evaluation.reading_time import require_linear
from tests.generation.importers.data_sets import agent, catalogue, environment, imported, json_lines, write
from tests.generation.importers.test_redis_dump import dump, entry, string

HALF = '"\\ud800"'  # of a character: JSON may hold it, UTF-8 may not


def with_half(value: Any) -> str:
    """A line of JSON whose value `@` is half of a character."""
    return json.dumps(value).replace('"@"', HALF)


def page(**changes: Any) -> dict[str, Any]:
    content = {"Visiting": ["Take your shoes off when you enter a home."]}
    return {"country": "Japan", "axis": "Etiquette", "url": "u", "content": content, **changes}


PAGES = {
    "country": page(country="@"),
    "axis": page(axis="@"),
    "address": page(url="@"),
    "heading": page(content={"@": ["Take your shoes off when you enter a home."]}),
    "text": page(content={"Visiting": ["@"]}),
}


@pytest.mark.parametrize("value", PAGES.values(), ids=PAGES.keys())
@pytest.mark.parametrize("form", ["a line", "a list"])
def test_half_a_character_of_a_page_is_a_fault(tmp_path: Path, value: dict[str, Any], form: str) -> None:
    text = with_half(value) if form == "a line" else f"[\n{with_half(value)}\n]"
    sound = json.dumps(page())
    if form == "a list":
        with pytest.raises(ContentError, match=r"pages\.json:2: not JSON"):
            imported("norms", write(tmp_path / "pages.json", text))
        return
    done = imported("norms", write(tmp_path / "pages.jsonl", f"{sound}\n{text}\n"))
    assert (done.audit.taken, done.faults) == (1, [(2, "", "not JSON")])


@pytest.mark.parametrize("key", ["pk", "scenario", "source", "agent_goals"])
def test_half_a_character_of_an_environment_is_a_fault(tmp_path: Path, key: str) -> None:
    value = ["@", "@"] if key == "agent_goals" else "@"
    lines = [agent("01AG"), agent("02AG", first_name="Bo"), environment("01EX")]
    text = json_lines(*lines) + with_half({**environment("02EX"), key: value}) + "\n"
    done = imported("scenarios", write(tmp_path / "profiles.jsonl", text))
    assert (done.audit.taken, done.faults) == (1, [(4, "", "not JSON")])


@pytest.mark.parametrize("word", [b"\xff", b"\xff\\ud800"])
def test_bytes_of_a_dump_that_are_no_text_are_a_fault(tmp_path: Path, word: bytes) -> None:
    profiles = [agent("01AG"), agent("02AG", first_name="Bo"), environment("01EX")]
    entries = [entry(0, f"e{number}", string(json.dumps(value).encode())) for number, value in enumerate(profiles)]
    broken = json.dumps(environment("02EX")).encode().replace(b"02EX", word)
    file = tmp_path / "dump.rdb"
    file.write_bytes(dump(*entries, entry(0, "e9", string(broken))))
    done = imported("scenarios", file)
    assert (done.audit.taken, done.faults) == (1, [(4, "", "not UTF-8")])


def test_a_first_line_that_is_no_text_is_a_fault(tmp_path: Path) -> None:
    file = tmp_path / "pages.jsonl"
    file.write_bytes(json.dumps(page()).encode().replace(b"Japan", b"\xff"))
    with pytest.raises(ContentError, match=r"pages\.jsonl:1: not UTF-8"):
        imported("norms", file)


@pytest.mark.parametrize(
    ("name", "shown"), [(b"a\xff.jsonl", r"a\udcff.jsonl"), (b"a\x1b[31m.jsonl", r"a\x1b[31m.jsonl")]
)
def test_the_name_of_a_file_is_the_origin_of_its_scenarios_as_text(tmp_path: Path, name: bytes, shown: str) -> None:
    file = tmp_path / os.fsdecode(name)
    file.write_text(scenario().model_dump_json() + "\n")
    (seed,) = imported("scenarios", file, out=tmp_path / "out").scenarios
    assert seed.origin == shown


def test_a_culture_has_a_name_of_some_length() -> None:
    context = ImportContext(catalogue())
    assert context.find("x" * 100_000) is None
    assert context.find("Japan") == "japan"
    assert list(context._found) == ["Japan"]


# ---------------------------------------------------------------- time and memory


@pytest.mark.parametrize("end", ["", ">", "'>", '">', "-->"])
@pytest.mark.parametrize("piece", ["<!--", "<a ", "<a b='", "<a x=\"'", "<a a=", "</", "<?", "<![CDATA[", "<script>"])
def test_markup_without_an_end_is_read_once(tmp_path: Path, piece: str, end: str) -> None:
    head = "<h1>Japan</h1><div class='text-content'><ul><li>Take your shoes off at once.</li>"

    def read(text: str) -> object:
        (source,) = open_sources([write(tmp_path / "page.html", text + end)], lambda count: None)
        try:
            return read_page(source).items[0].text
        except ContentError as error:
            return error.message.partition(": ")[2]

    assert read(head) == "Take your shoes off at once."
    told = read(f"{head}\n{piece * 9}")
    assert told in ("Take your shoes off at once.", "a tag or comment without an end begins here: save the page again")
    require_linear(read, head, piece)


def test_marks_of_a_goal_are_read_once() -> None:
    require_linear(lambda text: sotopia.seen_by(text, ""), "Two people meet.", "<p>")


def people(count: int) -> dict[str, Agent]:
    """Agents of one name."""
    return {f"a{n}": read_agent(f"a{n}", agent(first_name="Ann", last_name="Lee")) for n in range(count)}


@pytest.mark.parametrize("relationship", [1, 4, 5])
def test_agents_of_one_name_are_looked_through_once(relationship: int) -> None:
    """Of twenty thousand no two have two names, which is known after one look at each."""
    with pytest.raises(RowFault, match="no two agents fit"):
        drawn_pair("e", {"relationship": relationship}, people(20_000), {})


def test_occupations_that_are_asked_for_are_made_ready_once() -> None:
    wanted = [["x"] * 20_000, ["y"] * 20_000]
    with pytest.raises(RowFault, match="no two agents fit"):
        drawn_pair("e", {"relationship": 1, "occupation_constraint": wanted}, people(10_000), {})


@pytest.mark.parametrize("kind", ["agents", "relationships", "combinations"])
def test_people_have_an_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    monkeypatch.setattr(sotopia, "MOST_PEOPLE", 2)
    monkeypatch.setattr(sotopia, "MOST_COMBINATIONS", 2)
    two = [agent("01AG"), agent("02AG", first_name="Bo")]
    more = {
        "agents": [agent("03AG", first_name="Cy")],
        "relationships": [{"agent_1_id": "01AG", "agent_2_id": "02AG", "relationship": 2}] * 3,
        "combinations": [{"env_id": "01EX", "agent_ids": ["01AG", "02AG"]}] * 3,
    }[kind]
    done = imported("scenarios", write(tmp_path / "all.jsonl", json_lines(*two, *more, environment("01EX"))))
    assert done.faults == [(len(two) + len(more), "", f"more than 2 {kind}")]
    assert done.audit.taken == 1


@pytest.mark.parametrize("rest", ["<a href='x", "<!-- no end", "<li"])
def test_a_page_that_is_cut_off_is_not_taken_in_part_in_silence(tmp_path: Path, rest: str) -> None:
    page = "<h1>Japan</h1><div class='text-content'><ul>\n<li>Take your shoes off at once.</li>\n"
    with pytest.raises(ContentError, match=r"page\.html:3: a tag or comment without an end begins here: save the page"):
        imported("norms", write(tmp_path / "page.html", page + rest))
