"""Every kind of text file that users give: UTF-8, marked or not, with any line ends; other encodings are named."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clca.content.config_layers import resolve
from clca.content.decoding import decode_text
from clca.content.lookup import Content, package_content
from clca.content.trust import CONFIG
from clca.culture import CultureCatalogue
from clca.errors import ClcaError
from clca.evaluation.mmlu.csv_questions import read_items
from clca.evaluation.normad.suite import _read as read_normad
from clca.evaluation.offense.imports.mapping import _text as read_mapping
from clca.evaluation.score_matrix import read_matrix
from clca.evaluation.wvs.microdata.reader import _head as read_survey
from clca.generation.config import GenerateConfig
from clca.generation.scenarios import FileScenarios
from clca.training.recipe_files import _read as read_recipe
from clca.training.sources.files import SourceFile

SEED = (package_content() / "scenarios" / "seeds-1.jsonl").read_text(encoding="utf-8").split("\n")[0]
PROFILE = (package_content() / "personas" / "cultures" / "japan.yaml").read_text(encoding="utf-8")
TURN = (package_content() / "prompts" / "turn.j2").read_text(encoding="utf-8")


def overlaid(path: str) -> Callable[[Path], str]:
    """Reads the file as the content of that path."""

    def read(file: Path) -> str:
        target = file.parent / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(file.read_bytes())
        (file.parent / CONFIG).touch()
        return Content(file.parent).text(path)

    return read


def profile(file: Path) -> object:
    overlaid("personas/cultures/japan.yaml")(file)
    return CultureCatalogue(Content(file.parent)).culture("japan")


def settings(file: Path) -> object:
    (file.parent / CONFIG).write_bytes(file.read_bytes())
    return resolve(GenerateConfig, {}, {}, file.parent).samples


KINDS: dict[str, tuple[str, Callable[[Path], Any], str]] = {
    "settings": ("clca.toml", settings, "[generate]\nsamples = 3\n"),
    "profile": ("japan.yaml", profile, PROFILE),
    "prompt": ("turn.j2", lambda file: overlaid("prompts/turn.j2")(file).splitlines(), TURN),
    "scenarios": ("mine.jsonl", lambda file: list(FileScenarios(file)), f"{SEED}\n"),
    "questions": ("anatomy_test.csv", read_items, "Fine?,a,b,c,d,A\nNaïve?,a,b,c,d,B\n"),
    "matrix": ("m.csv", read_matrix, "adapter,japan,uk\njapan,0.6,0.5\nuk,0.5,0.6\n"),
    "mapping": ("m.yaml", lambda file: read_mapping(file).splitlines(), "files:\n- path: a.csv\n"),
    "stories": ("n.csv", lambda file: read_normad(file).splitlines(), "Country,Story\njapan,A café.\n"),
    "recipe": ("r.yaml", lambda file: read_recipe(Content(), str(file))[2], "name: mine\nlora: {r: 8}\n"),
    "training text": (
        "t.txt",
        lambda file: SourceFile("wiki", str(file), None).text(file).splitlines(),
        "One naïve text.\nAnother.\n",
    ),
    "survey": ("s.csv", lambda file: read_survey(file).splitlines(), "D_INTERVIEW,B_COUNTRY,Q1\n1,392,1\n"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_mark_and_line_ends_of_windows_change_nothing(tmp_path: Path, kind: str) -> None:
    name, read, text = KINDS[kind]
    expected, *others = (
        read(place(tmp_path / str(number), name, data))
        for number, data in enumerate((text.encode(), text.replace("\n", "\r\n").encode("utf-8-sig")))
    )
    assert others == [expected]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32"])
@pytest.mark.parametrize("kind", KINDS)
def test_another_encoding_is_named(tmp_path: Path, kind: str, encoding: str) -> None:
    name, read, text = KINDS[kind]
    with pytest.raises(ClcaError) as caught:
        read(place(tmp_path, name, text.encode(encoding)))
    (line,) = caught.value.message.splitlines()
    assert name in line
    known = "UTF-32" if encoding == "utf-32" else "UTF-16"
    assert line.endswith(f"{known}, not UTF-8: save it as UTF-8"), line


@pytest.mark.parametrize("kind", sorted(KINDS.keys() - {"survey", "scenarios"}))
def test_a_byte_of_another_encoding_is_named_with_its_line(tmp_path: Path, kind: str) -> None:
    name, read, text = KINDS[kind]
    lines = text.encode().split(b"\n")
    with pytest.raises(ClcaError, match=rf"{name}:2: not UTF-8: save it as UTF-8$"):
        read(place(tmp_path, name, b"\n".join([lines[0], b"caf\xe9 " + lines[1], *lines[2:]])))


def test_zero_bytes_among_others_are_no_utf_16() -> None:
    assert decode_text("a.txt", b"some words\0and more") == "some words\0and more"
    assert decode_text("a.txt", b"") == ""


def place(folder: Path, name: str, data: bytes) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(data)
    return folder / name
