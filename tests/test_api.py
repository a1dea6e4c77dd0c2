from __future__ import annotations

import asyncio
import doctest
from pathlib import Path

import pytest

import clca
from clca import api, api_dialogues
from clca.errors import SettingsError
from clca.evaluation.cspec.config import CspecConfig
from clca.progress import Note, Progress
from clca.stages import STAGES

MATRIX = "adapter,japan,uk\njapan,61.2,48.0\nuk,52.9,55.3\n"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "matrix.csv").write_text(MATRIX)
    return tmp_path


def test_every_stage_is_a_function_with_a_doctest() -> None:
    finder = doctest.DocTestFinder()
    for name in STAGES:
        function = getattr(clca, name.replace("-", "_"))
        assert any(test.examples for test in finder.find(function)), name


@pytest.mark.parametrize("module", [clca, api, api_dialogues])
def test_doctests(module: object, here: Path) -> None:
    assert doctest.testmod(module).failed == 0  # type: ignore[arg-type]


def test_a_config_or_its_fields_are_taken_but_not_both(here: Path) -> None:
    by_fields = clca.eval_cspec(matrix="matrix.csv", out="a", progress=False)
    by_config = clca.eval_cspec(CspecConfig(matrix=("matrix.csv",), out=Path("a")), progress=False)
    assert by_fields == by_config
    with pytest.raises(SettingsError, match="give a CspecConfig or its fields, not both: seed"):
        clca.eval_cspec(CspecConfig(matrix=("matrix.csv",)), seed=1)
    with pytest.raises(SettingsError, match="give a GenerateConfig or its fields by name"):
        clca.generate("japan")  # type: ignore[arg-type]
    with pytest.raises(SettingsError, match=r"^sede: no such setting; did you mean seed\?"):
        clca.eval_cspec(matrix="matrix.csv", sede=1)


def test_the_workspace_s_file_and_the_environment_count(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / "clca.toml").write_text('[eval-cspec]\nout = "from-file"\n')
    assert clca.eval_cspec(matrix="matrix.csv", progress=False).folder == here / "from-file"
    monkeypatch.setenv("CLCA_EVAL_CSPEC_OUT", "from-environment")
    assert clca.eval_cspec(matrix="matrix.csv", progress=False).folder == Path("from-environment")


def test_progress_is_told_to_a_callback_or_shown(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    events: list[Progress | Note] = []
    clca.eval_cspec(matrix="matrix.csv", progress=events.append)
    assert all(isinstance(event, Progress | Note) for event in events)
    clca.eval_cspec(matrix="matrix.csv")
    assert capsys.readouterr().out == ""


def test_it_works_in_a_running_event_loop(here: Path) -> None:
    async def notebook() -> float:
        specificity = clca.eval_cspec(matrix="matrix.csv", progress=False).matrices[0].cspec
        assert specificity is not None
        return specificity.value

    assert asyncio.run(notebook()) == 1.0
