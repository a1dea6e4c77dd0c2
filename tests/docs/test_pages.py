"""What the README and the manual say is so: links, names of functions, settings, files of a run."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

import clca
from clca.stages import STAGES, resolve_config
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
