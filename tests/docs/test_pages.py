"""What the README and the manual say is so: links, names of functions, settings, files of a run."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

import clca
from clca.content.lookup import Content
from clca.evaluation.published.catalogue import load_catalogue
from clca.stages import STAGES, resolve_config
from clca.study.config import StudyConfig
from clca.study.plan import plan
from tests.docs.blocks import ELSEWHERE, PAGES, ROOT, TEXTS, blocks


@pytest.mark.parametrize("page", PAGES)
def test_a_mark_of_a_block_is_a_known_one(page: str) -> None:
    for block in blocks(page):
        assert not block.mark or block.mark.startswith((*ELSEWHERE, "first command")), block.place
        if block.mark.startswith("run by "):
            assert (ROOT / block.mark.removeprefix("run by ")).is_file(), block.place


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_to_files_and_headings(page: str) -> None:
    for target, _, heading in re.findall(r"\]\((?!https?://)([^)#\s]*)(#([^)\s]+))?\)", TEXTS[page]):
        path = (ROOT / page).parent / target if target else ROOT / page
        assert path.exists(), f"{page}: {target}"
        if heading:
            headings = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
            assert heading in {slug(line) for line in headings}, f"{page}: {target}#{heading}"


def slug(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")


def test_functions_that_are_named_are_there() -> None:
    for page, text in TEXTS.items():
        for name in re.findall(r"`clca\.((?:generate|train|eval_|compare|study|trace)\w*)`", text):
            assert name in clca.__all__, f"{page}: {name}"


def test_settings_files_are_read_by_their_commands(tmp_path: Path) -> None:
    shown = [block for page in PAGES for block in blocks(page) if block.title == "clca.toml"]
    assert shown
    for block in shown:
        (tmp_path / "clca.toml").write_text(block.code, encoding="utf-8")
        for command, values in tomllib.loads(block.code).items():
            config = resolve_config(STAGES[command].config_type, {}, {}, tmp_path)
            assert {key: getattr(config, key) for key in values} == values, block.place


def test_the_readme_is_one_that_is_read() -> None:
    assert len(TEXTS["README.md"].split()) <= 1200


@pytest.mark.parametrize("page", ["docs/clca.md", "docs/s2n.md"])
def test_each_table_and_figure_has_a_command_that_can_be_planned(page: str, tmp_path: Path) -> None:
    """With as many cells as the page says, and a published table of that name."""
    rows = re.findall(r"^\| .* \| `clca study run (\S+) --plan` \| (\d+) \|", TEXTS[page], re.MULTILINE)
    assert len(rows) >= 5
    for study, cells in rows:
        assert len(plan(StudyConfig(study=study, out=tmp_path)).cells) == int(cells), study
    known = {table.id for table in load_catalogue(Content()).tables}
    assert set(re.findall(r"`clca published (\S+)`", TEXTS[page])) <= known


def test_every_published_table_is_in_the_manual() -> None:
    """With the study that makes it, or with the place of what has no numbers."""
    text = TEXTS["docs/clca.md"]
    for table in load_catalogue(Content()).tables:
        if table.paper == "CLCA":
            assert f"`clca published {table.id}`" in text, table.id
        else:
            number = table.id.removeprefix("s2n-")
            assert re.search(
                rf"^(\| [\d, ]*\b{number}\b[\d, ]*: |Tables without results: .*\b{number}\b)",
                TEXTS["docs/s2n.md"],
                re.M,
            )
