"""`clca content check`: reads every content file and reports each that is broken."""

from __future__ import annotations

from collections.abc import Callable
from fnmatch import fnmatch
from functools import partial
from pathlib import Path
from typing import TypeVar, get_args

from clca.content.lookup import Content
from clca.content.parsing import parse_records, suggestion
from clca.content.prompts import GENERATION_PROMPTS, RATING_PROMPTS, TRAINING_PROMPTS, TWO_CULTURES, Prompts
from clca.content.translations import load_translation, translation_files
from clca.content.wvs_items import load_items, load_shares
from clca.culture import CultureCatalogue
from clca.culture.catalogue import AND
from clca.culture.clashes import check_names
from clca.culture.descriptors import load_bands
from clca.culture.localisation import mark_fault, unfit
from clca.culture.profile import FOLDER, PLACES, read_profile
from clca.culture.scores import Scores
from clca.errors import ClcaError, ContentError
from clca.evaluation.mmlu.prompts import MmluPrompts, Scoring
from clca.evaluation.mmlu.question_source import FOLDER as EXAM
from clca.evaluation.mmlu.question_source import demonstration
from clca.evaluation.mmlu.subjects import load_subjects
from clca.evaluation.normad import load_suite as load_normad
from clca.evaluation.offense.imports.mapping import load_mapping
from clca.evaluation.offense.suite import check_cultures, load_offense_suite
from clca.evaluation.offense.test_sets import DEMONSTRATION, check_demonstration
from clca.evaluation.published.catalogue import load_catalogue
from clca.evaluation.s2n_results import MMLU, OFFENSE, load_s2n
from clca.evaluation.wvs.paper_reader import load_paper_reader
from clca.evaluation.wvs.question import item_questions, request_groups
from clca.evaluation.wvs.suite import files_of, languages, load_suite, paper_prompt
from clca.evaluation.wvs.synthetic import synthetic_respondents
from clca.fetching.sources import load_sources
from clca.generation.config import GenerateConfig
from clca.generation.cost import render_tasks
from clca.generation.prepared import load_sound
from clca.generation.scenarios import NORMS, OWN, SEEDS, SeedScenarios, load_norms, own_fault
from clca.generation.teachers import REHEARSAL_CONTENT
from clca.models import ModelCatalogue
from clca.quality.giving_way import GivingWay
from clca.quality.markers import Markers
from clca.records import Norm, Record, Seed
from clca.records import Scoring as WvsScoring
from clca.simulator import load_simulator_content
from clca.study.source import read_source, study_names
from clca.training.recipe_files import RECIPES, read_recipe, recipe_names
from clca.training.s2n_sources import load_s2n_sources
from clca.training.sources.normad import NAMES

R = TypeVar("R", bound=Record)
FORMS = {**GENERATION_PROMPTS, **RATING_PROMPTS}  # all that a generation may ask


def check(content: Content) -> list[ClcaError]:
    """The first error of each content file, without duplicates."""
    errors: list[ClcaError] = []

    def attempt(work: Callable[[], object]) -> bool:
        try:
            work()
        except ClcaError as error:
            if error.message not in {earlier.message for earlier in errors}:
                errors.append(error)
            return False
        return True

    cultures = content.files(f"{FOLDER}/*.yaml")
    sound = [path for path in cultures if attempt(partial(read_profile, content, path))]
    if len(sound) == len(cultures):
        errors += check_names(content, NAMES)
    attempt(lambda: load_bands(content))
    attempt(lambda: Scores(content))
    attempt(lambda: ModelCatalogue(content))
    catalogue = CultureCatalogue(content)
    known = {Path(path).stem for path in cultures}
    if len(sound) == len(cultures):
        for culture in sorted(known):
            attempt(partial(catalogue.culture, culture))
    all_sound = len(sound) == len(cultures)
    for path in (*content.files("scenarios/*.jsonl"), *content.files(OWN)):
        read = check_norms if fnmatch(path, NORMS) else check_seeds
        all_sound &= attempt(partial(read, content, path, known))
    translations = {file for language in languages(content) for file in (*files_of(language), paper_prompt(language))}
    for path in content.files():
        attempt(partial(_is_read, content, path, translations))
    attempt(
        lambda: load_simulator_content(
            {path: content.text(path) for kind in REHEARSAL_CONTENT for path in content.files(kind)}
        )
    )
    attempt(lambda: Prompts.load(content, TRAINING_PROMPTS))
    for recipe in recipe_names(content):
        attempt(partial(read_recipe, content, recipe))
    for name in translation_files(content):
        attempt(partial(load_translation, content, name))
    attempt(lambda: load_s2n_sources(content))
    attempt(lambda: load_sources(content))
    attempt(lambda: load_shares(content, load_items(content)))
    for language in languages(content):
        attempt(partial(_wvs_prompts, content, language))
        if paper_prompt(language) in content.files():
            attempt(partial(_wvs_prompts, content, language, "paper"))
    attempt(lambda: load_paper_reader(content))
    if attempt(lambda: check_cultures(content, load_offense_suite(content), known)):
        attempt(lambda: load_mapping(content, None, load_offense_suite(content), known))
        attempt(lambda: check_demonstration(content))
    attempt(lambda: _mmlu_prompts(content))
    attempt(lambda: load_normad(content))
    attempt(lambda: GivingWay.load(content))
    if len(sound) == len(cultures):
        attempt(lambda: Markers.load(content, {name: catalogue.culture(name).members for name in sorted(known)}))
    attempt(lambda: load_sound(content))
    for path in (OFFENSE, MMLU):
        attempt(partial(load_s2n, content, path))
    for path in content.files(SEEDS) if all_sound else ():
        attempt(partial(_fits, content, path, catalogue))
    attempt(lambda: load_catalogue(content))
    for study in study_names(content):
        attempt(partial(read_source, study, content.workspace))
    if attempt(lambda: Prompts.load(content, FORMS)) and all_sound:
        attempt(lambda: _render(content, catalogue))
    if attempt(lambda: Prompts.load(content, FORMS, language=TWO_CULTURES)) and all_sound:
        attempt(lambda: _render_two(content, catalogue))
    return errors


def _render(content: Content, catalogue: CultureCatalogue) -> None:
    config = GenerateConfig(norms=1, rate=True)
    prompts = Prompts.load(content, FORMS)
    for culture in catalogue.ids():
        record = catalogue.culture(culture)
        seeds = SeedScenarios(content, None, config.seed, (culture, *record.members))
        norms = load_norms(content, record, 1, config.seed)
        render_tasks(catalogue, culture, seeds, norms, prompts, config)


def _render_two(content: Content, catalogue: CultureCatalogue) -> None:
    """Render the prompts for two cultures, each culture once as the first and once as the second."""
    config = GenerateConfig(norms=1, rate=True)
    prompts = Prompts.load(content, FORMS, language=TWO_CULTURES)
    seeds = SeedScenarios(content, None, config.seed, pair=True)
    countries = [name for name in catalogue.ids() if not catalogue.culture(name).members]
    for place, guest in zip(countries, [*countries[1:], countries[0]], strict=True):
        if place != guest:
            norms = load_norms(content, catalogue.culture(place), 1, config.seed)
            render_tasks(catalogue, f"{place}{AND}{guest}", seeds, norms, prompts, config)


def _fits(content: Content, path: str, catalogue: CultureCatalogue) -> None:
    """Raise `ContentError` for a seed that would not happen in one of the cultures."""
    cultures = [catalogue.culture(culture) for culture in catalogue.ids()]
    for number, seed in _records(content, path, Seed):
        for culture in cultures:
            if fault := unfit(seed, culture):
                raise ContentError(content.shown(path), number, f"{seed.id}: in {culture.name} {fault}")


def _wvs_prompts(content: Content, language: str, scoring: WvsScoring = "corrected") -> None:
    """Build the survey's prompts in one language."""
    suite = load_suite(content, language, scoring)
    questions = item_questions(suite.items.items, suite.prompts, "chat", "given", 0, scoring)
    for culture in suite.demographics:
        people = synthetic_respondents(culture, suite.demographics, 1, 0)
        for method in ("persona", "cultural"):
            list(request_groups(culture, method, people, questions, suite.persona, suite.prompts, scoring=scoring))


def _mmlu_prompts(content: Content) -> None:
    """Build the prompts of MMLU's demonstration."""
    subjects = load_subjects(content)
    exam = demonstration(tuple(subjects), tuple(subjects), content, named=False)
    for scoring in get_args(Scoring):
        prompts = MmluPrompts(content, scoring)
        for subject, items in exam.test.items():
            prompts.system(exam.dev.get(subject, ()), subjects[subject].name)
            for item in items:
                prompts.question(item, subjects[subject].name)


def _is_read(content: Content, path: str, translations: set[str]) -> None:
    """Raise `ContentError` for a workspace file that nothing reads: it is most likely misnamed."""
    folders = ("scenarios/*.jsonl", OWN, f"{FOLDER}/*.yaml", RECIPES, DEMONSTRATION, f"{EXAM}/*/*.csv", "*.md")
    patterns = (*folders, *REHEARSAL_CONTENT)
    read = path in translations or any(fnmatch(path, pattern) for pattern in patterns)
    if content.origin(path) == "workspace" and not read and not (content.package / path).is_file():
        packaged = [known for known in content.files() if content.origin(known) == "package"]
        raise ContentError(content.shown(path), None, f"overrides no packaged file{suggestion(path, packaged)}")


def check_seeds(content: Content, path: str, cultures: set[str]) -> None:
    """Raise `ContentError` for the first broken seed of a file; `cultures` are the ids of all cultures."""
    for number, seed in _records(content, path, Seed):
        if seed.culture and seed.culture not in cultures:
            hint = suggestion(seed.culture, cultures)
            raise ContentError(content.shown(path), number, f"culture: no culture {seed.culture!r}{hint}")
        if fault := own_fault(path, seed) or mark_fault(seed):
            raise ContentError(content.shown(path), number, fault)


def check_norms(content: Content, path: str, cultures: set[str]) -> None:
    """Raise `ContentError` for the first norm of a file that is broken, or names a culture or place unknown."""
    for number, norm in _records(content, path, Norm):
        for key, named in (("scope", () if norm.is_general else norm.scope), ("not_in", norm.not_in)):
            for culture in sorted(set(named) - cultures):
                hint = suggestion(culture, cultures)
                raise ContentError(content.shown(path), number, f"{key}: no culture {culture!r}{hint}")
        if norm.place and norm.place not in PLACES:
            raise ContentError(
                content.shown(path), number, f"place: {norm.place!r} is unknown{suggestion(norm.place, PLACES)}"
            )


def _records(content: Content, path: str, model: type[R]) -> list[tuple[int, R]]:
    return list(parse_records(content.text(path).split("\n"), content.shown(path), model))
