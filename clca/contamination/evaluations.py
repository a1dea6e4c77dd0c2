"""The texts of all evaluations that are here: the survey in every language, MMLU, imported test sets, files given.

What is not here is said: MMLU is only read where the hub's cache has it, or where its folder is given.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from clca.contamination.run_length import LONG, SHORT, EvaluationTexts
from clca.contamination.text_files import TextFiles, digest_of
from clca.content.lookup import Content
from clca.content.parsing import parse_records, read_yaml
from clca.content.wvs_items import ITEMS, Items
from clca.errors import SettingsError
from clca.evaluation.mmlu.csv_questions import is_csv_folder, read_items
from clca.evaluation.normad import SUITE as NORMAD
from clca.evaluation.normad import load_suite
from clca.evaluation.offense.test_sets import DEMONSTRATION, MANIFEST, TextLine, default_folder, read_manifest
from clca.models.hub import cache_folder
from clca.safe_open import bounded_lines, read_bytes, safe_open

MMLU_DEMO = "eval/mmlu/demo/*/*.csv"
SURVEY = "survey"
NO_MMLU = (
    "MMLU is not on this machine but for the demonstration: not compared; `--against DIR` takes a folder of it (or run"
    " `clca eval-mmlu` first, which fetches it)."
)


@dataclass(frozen=True, slots=True)
class Evaluations:
    """All texts, `inputs` with the digests of what they come from, and what is not here."""

    texts: tuple[EvaluationTexts, ...]
    inputs: dict[str, str]
    caveats: tuple[str, ...]


def find_evaluations(
    content: Content, workspace: Path | None, environment: Mapping[str, str], against: Sequence[Path] = ()
) -> Evaluations:
    """The evaluations of the content, those imported into the workspace, and the files and folders of `against`.

    Nothing but their lists and digests is read yet. Raises `SettingsError` for a file that cannot be read as texts.
    """
    survey = [ITEMS, *content.files("eval/wvs/*/items.yaml")]
    demo = content.files(MMLU_DEMO)
    posts = content.files(DEMONSTRATION)
    for path in (*survey, *demo, *posts, NORMAD):
        content.text(path)  # notes its digest
    texts = [EvaluationTexts(_language(path), SHORT, _Survey(content, path)) for path in survey]
    texts.append(EvaluationTexts("mmlu (demonstration)", LONG, _MmluDemo(content, demo)))
    texts.append(EvaluationTexts("offense (demonstration)", LONG, _Posts(content, posts)))
    texts.append(EvaluationTexts("normad (demonstration)", LONG, _Stories(content)))
    inputs = {path: content.used[path].digest for path in (*survey, *demo, *posts, NORMAD)}
    imported = default_folder(workspace)
    if (imported / MANIFEST).is_file():
        for entry in read_manifest(imported).sets:
            texts.append(
                EvaluationTexts(f"offense {entry.culture}/{entry.task}", LONG, _Imported(imported / entry.path))
            )
            inputs[f"offense {entry.culture}/{entry.task}"] = entry.sha256
    caveats = []
    cached = _cached_mmlu(environment)
    if cached is not None:
        texts.append(EvaluationTexts("mmlu", LONG, TextFiles(cached, within=cached.parents[2])))
        inputs["mmlu"] = cached.parent.name  # the revision
    elif not any(is_csv_folder(path) for path in against if path.is_dir()):
        caveats.append(NO_MMLU)
    for source in against:
        texts.append(EvaluationTexts(str(source), LONG, TextFiles(source)))
        digest = digest_of(source)
        inputs[f"against {digest}"] = digest  # not its path: where it lies changes nothing
    return Evaluations(tuple(texts), inputs, tuple(caveats))


def _language(path: str) -> str:
    parts = path.split("/")
    return f"{SURVEY} ({parts[2] if len(parts) > 3 else 'en'})"


@dataclass(frozen=True, slots=True)
class _Survey:
    """The questions and options of the items in one language."""

    content: Content
    path: str

    def __iter__(self) -> Iterator[tuple[str, str]]:
        items = read_yaml(self.content.shown(self.path), self.content.text(self.path), Items)
        for item in items.items:
            for text in (item.question, *item.options):
                yield item.id, text


@dataclass(frozen=True, slots=True)
class _MmluDemo:
    content: Content
    paths: Sequence[str]

    def __iter__(self) -> Iterator[tuple[str, str]]:
        for path in self.paths:
            for item in read_items(self.content.locate(path), self.content.shown(path)):
                for text in (item.question, *item.choices):
                    yield f"{Path(path).stem} {item.number}", text


@dataclass(frozen=True, slots=True)
class _Posts:
    content: Content
    paths: Sequence[str]

    def __iter__(self) -> Iterator[tuple[str, str]]:
        for path in self.paths:
            for _, line in parse_records(self.content.text(path).split("\n"), self.content.shown(path), TextLine):
                yield f"{Path(path).stem} {line.id}", line.text


@dataclass(frozen=True, slots=True)
class _Stories:
    content: Content

    def __iter__(self) -> Iterator[tuple[str, str]]:
        for story in load_suite(self.content).demonstration:
            yield story.id, story.story


@dataclass(frozen=True, slots=True)
class _Imported:
    path: Path

    def __iter__(self) -> Iterator[tuple[str, str]]:
        try:
            with safe_open(self.path, within=self.path.parent) as file:
                for _, line in parse_records(bounded_lines(file), str(self.path), TextLine):
                    yield line.id, line.text
        except OSError as error:
            raise SettingsError(
                f"cannot read {self.path}: {error.strerror or error}: import the test sets again"
            ) from None


def _cached_mmlu(environment: Mapping[str, str]) -> Path | None:
    """The folder of MMLU's questions in the hub's cache, if it is there: of several revisions that of `main`."""
    data_set = cache_folder(environment) / "datasets--cais--mmlu"
    try:
        main = read_bytes(data_set / "refs" / "main").decode("utf-8", "replace").strip()
    except OSError:
        main = ""  # a snapshot can be there without
    folders = sorted(data_set.glob("snapshots/*/all"), key=lambda folder: (folder.parent.name != main, folder))
    return next((folder for folder in folders if any(folder.glob("test*"))), None)
