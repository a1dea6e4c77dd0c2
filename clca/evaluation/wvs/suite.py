"""The survey suite in one language: all content of `eval/wvs/` and `prompts/` that an evaluation needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from clca.content.lookup import Content
from clca.content.parsing import read_csv, read_yaml, suggestion
from clca.content.prompts import WVS_PAPER_PROMPTS, WVS_PROMPTS, Prompts
from clca.content.wvs_items import ITEMS, Items, Shares, load_items, load_shares, read_translation
from clca.errors import ContentError, NotFoundError
from clca.evaluation.wvs.answer_extraction import OptionReader
from clca.evaluation.wvs.answer_patterns import ANSWERS, read_answer_patterns
from clca.evaluation.wvs.persona import PERSONA, Persona, load_persona, read_persona_translation
from clca.evaluation.wvs.synthetic import Demographics, load_demographics
from clca.records import Scoring, Slug

COVERAGE = "eval/wvs/coverage.csv"

ENGLISH, NATIVE = "en", "native"


class Coverage(BaseModel):
    """What a country's shares are based on; `missing` are the items that were not asked there or are unavailable."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    culture: Slug
    iso3: Annotated[str, Field(pattern="^[A-Z]{3}$")]
    country_code: Annotated[int, Field(ge=1, le=999)]
    respondents: Annotated[int, Field(ge=1)]
    missing: str | None = None


@dataclass(frozen=True, slots=True)
class WvsSuite:
    """Items, personas, prompts and answer patterns of a language, and the survey's shares.

    `language` is the folder's name; labels, topics and directions of `items` are in English in every language.
    """

    language: str
    items: Items
    persona: Persona
    prompts: Prompts
    reader: OptionReader
    shares: dict[str, Shares]
    demographics: dict[str, Demographics]
    coverage: dict[str, Coverage]


def languages(content: Content) -> list[str]:
    """The languages with items, English first."""
    files = content.files(ITEMS.replace("wvs/", "wvs/*/"))
    return [ENGLISH, *(folder for folder in (path.split("/")[2] for path in files) if folder != ENGLISH)]


def files_of(language: str) -> list[str]:
    """The content files of a language."""
    prompts = "prompts" if language == ENGLISH else f"prompts/{language}"
    suite = [_in_language(path, language) for path in (ITEMS, PERSONA, ANSWERS)]
    return suite + [f"{prompts}/{name}.j2" for name in WVS_PROMPTS]


def paper_prompt(language: str) -> str:
    """The content file with the prompts of `--scoring paper`, which a language may lack."""
    return "prompts/wvs-paper.j2" if language == ENGLISH else f"prompts/{language}/wvs-paper.j2"


def native_language(content: Content, culture: str) -> str:
    """The language whose `persona.yaml` lists the culture as native. Raises `NotFoundError`."""
    speakers = {}
    for language in languages(content):
        path = _in_language(PERSONA, language)
        if path in content.files():
            speakers[language] = _native(content, path)
            if culture in speakers[language]:
                return language
    known = ", ".join(f"{language} ({', '.join(cultures)})" for language, cultures in speakers.items() if cultures)
    raise NotFoundError(
        f"no language of the suite is native to {culture}; there are {known}: name one with --language, or add its "
        "files to your workspace (eval/wvs/README.md says which)"
    )


def load_suite(content: Content, language: str = ENGLISH, scoring: Scoring = "corrected") -> WvsSuite:
    """The suite in a language (`en`, `ja`...), with the prompts of a scoring.

    Raises `NotFoundError` and `ContentError`.
    """
    items = load_items(content)
    persona = load_persona(content)
    shares = load_shares(content, items)
    demographics = load_demographics(content, persona)
    coverage = _load_coverage(content)
    if language != ENGLISH:
        _require_complete(content, language)
        items, persona = _translated(content, language, items, persona)
    answers = _in_language(ANSWERS, language)
    patterns = read_answer_patterns(content.shown(answers), content.text(answers), items)
    specs = WVS_PAPER_PROMPTS if scoring == "paper" else WVS_PROMPTS
    prompts = Prompts.load(content, specs, "" if language == ENGLISH else language)
    return WvsSuite(language, items, persona, prompts, OptionReader(patterns), shares, demographics, coverage)


def _translated(content: Content, language: str, items: Items, persona: Persona) -> tuple[Items, Persona]:
    path = _in_language(ITEMS, language)
    translated = read_translation(content.shown(path), content.text(path), items)
    ids = {item.id for item in translated.items}
    missing = [item.id for item in items.items if item.id not in ids]
    if missing:
        raise ContentError(content.shown(path), None, f"items: {', '.join(missing)} not translated")
    path = _in_language(PERSONA, language)
    return translated, read_persona_translation(content.shown(path), content.text(path), persona)


def _require_complete(content: Content, language: str) -> None:
    files = content.files()
    known = languages(content)
    if language not in known:
        hint = suggestion(language, [*known, NATIVE])
        raise NotFoundError(
            f"no language {language!r} in the suite; there are {', '.join(known)}{hint} "
            "(a folder eval/wvs/<language>/ in a workspace adds one)"
        )
    missing = [path for path in files_of(language) if path not in files]
    if missing:
        raise NotFoundError(
            f"language {language!r} lacks {', '.join(missing)} (eval/wvs/README.md says what a language needs)"
        )


def _in_language(path: str, language: str) -> str:
    return path if language == ENGLISH else path.replace("wvs/", f"wvs/{language}/")


class _Native(BaseModel):
    native: tuple[Slug, ...] = ()


def _native(content: Content, path: str) -> tuple[Slug, ...]:
    return read_yaml(content.shown(path), content.text(path, note=False), _Native).native


def _load_coverage(content: Content) -> dict[str, Coverage]:
    """Raises `ContentError` for a culture or a country's code that two rows have."""
    rows = read_csv(content.shown(COVERAGE), content.text(COVERAGE), Coverage)
    for key in ("culture", "iso3", "country_code"):
        first: dict[object, int] = {}
        for number, row in enumerate(rows, start=2):
            value = getattr(row, key)
            if first.setdefault(value, number) != number:
                fault = f"{key}: {value} is that of line {first[value]}, too"
                raise ContentError(content.shown(COVERAGE), number, fault)
    return {row.culture: row for row in rows}
