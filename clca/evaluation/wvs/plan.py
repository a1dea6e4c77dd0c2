"""A poll: who is asked what, in whose place. Everything of an evaluation that is settled before it begins.

cultures, subject, suite -> samples -> sheets
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from clca.content.lookup import Content
from clca.content.wvs_items import Item
from clca.culture import CultureCatalogue
from clca.errors import SettingsError
from clca.evaluation.evaluated_model import EvaluatedModel
from clca.evaluation.model_selection import ADAPTERS, choose, choose_served, find_given
from clca.evaluation.prediction_dir import SCORES
from clca.evaluation.predictor import InferenceConfig
from clca.evaluation.run import place
from clca.evaluation.table import PAPER_ORDER
from clca.evaluation.wvs.answer_extraction import OptionReader
from clca.evaluation.wvs.config import METHODS, ORDERS, Layout, WvsConfig, check
from clca.evaluation.wvs.microdata.respondents import FILE, ImportedRespondents, default_folder, open_respondents
from clca.evaluation.wvs.prediction_dir import KIND
from clca.evaluation.wvs.question import Format, request_groups
from clca.evaluation.wvs.question import item_questions as ask_in_order
from clca.evaluation.wvs.request_group import RespondentRequestGroup
from clca.evaluation.wvs.sampling import Sample, SampleSources, sample_culture
from clca.evaluation.wvs.score_layout import ScoreLayout
from clca.evaluation.wvs.suite import NATIVE, WvsSuite, load_suite, native_language
from clca.inference.prompt_format import Mode
from clca.models.student import Student
from clca.records import Culture, Method
from clca.storage.fingerprint import Inputs, file_sha256, fingerprint, slug
from clca.urls import without_credentials

ALL, BARE = "all", "bare"
RESPONDENTS, REHEARSED = 1000, 100  # of a culture; REHEARSED where the student is tiny

DECISIVE = ("eval/", "prompts/")
"""Content that decides answers or scores. Of a profile, which is recorded as well, only the countries do."""

Template = Callable[[Student], bool]


@dataclass(frozen=True)
class WvsPlan:
    """An evaluation: everything that is asked, of whom, and where it goes.

    `sheets` are all of it; `samples` and `readers` are by culture. `warnings` are for the user. `finished` says
    whether its scores are there already.
    """

    asked: WvsConfig
    subject: EvaluatedModel
    cultures: tuple[Culture, ...]
    mode: Mode
    layout: Layout
    columns: ScoreLayout
    samples: dict[str, Sample]
    readers: dict[str, OptionReader]
    sheets: tuple[RespondentRequestGroup, ...]
    content: Content
    inputs: Inputs
    out: Path
    data: Path | None
    finished: bool
    warnings: tuple[str, ...]

    @property
    def way(self) -> InferenceConfig:
        return InferenceConfig(self.mode, self.layout == "chat", self.asked.base_url, self.content.workspace)

    @property
    def prompts(self) -> int:
        return sum(len(sheet.questions) for sheet in self.sheets)

    @property
    def synthetic(self) -> bool:
        return any(sample.synthetic for sample in self.samples.values())


def prepare(
    asked: WvsConfig,
    workspace: Path | None,
    generated: Path,
    environment: Mapping[str, str],
    template: Template,
    *,
    elsewhere: bool = False,
) -> WvsPlan:
    """The evaluation that is asked for. Everything that is wrong with it is found here; nothing is written yet.

    `template` tells whether a student has a chat template. With `elsewhere` it need not be possible here.
    """
    check(asked)
    content = Content(workspace)
    catalogue = CultureCatalogue(content)
    given = [] if asked.base_url else find_given(asked.adapters, catalogue, generated)
    names = _cultures(asked, catalogue, [culture for one in given for culture in one.data.cultures])
    cultures = tuple(catalogue.culture(name) for name in names)
    if asked.base_url:
        subject = choose_served(asked.student, asked.adapters, names)
    else:
        subject = choose(asked.student, given, names, asked.bits, content, environment, elsewhere=elsewhere)
    layout = _layout(asked, subject, template)
    english = load_suite(content)
    suites = _suites(asked, content, names, english)
    columns = ScoreLayout(_items(asked, english))
    data = find_data(asked.data, workspace)
    n = asked.respondents or (REHEARSED if subject.tiny else RESPONDENTS)
    samples = {
        one.id: sample_of(
            one, english, columns, data, asked.data is not None, n=n, seed=asked.seed, weighted=asked.weights
        )
        for one in cultures
    }
    methods = {name: _methods(asked, subject, layout, name) for name in names}
    every = [
        sheet
        for name in names
        for sheet in _sheets(asked, subject, suites[name], samples[name], methods[name], layout, columns)
    ]
    mode: Mode = asked.mode or ("probability" if subject.tiny else "generate")  # type: ignore[assignment]
    inputs = {
        "student": subject.id,
        "server": without_credentials(asked.base_url) if asked.base_url else None,
        "adapters": {name: subject.adapters[name].digest for name in names if "clca" in methods[name]},
        "bits": subject.bits,
        "cultures": {name: methods[name] for name in names},
        "countries": {one.id: list(one.members or (one.id,)) for one in cultures},
        "mode": mode,
        "format": layout,
        "languages": {name: suites[name].language for name in names},
        "respondents": n,
        "data": None if data is None else file_sha256(data.path),
        "items": [item.id for item in columns.items],
        "orders": [order for order in ORDERS if order in (asked.orders or ORDERS[:1])],
        "seed": asked.seed,
        **{f"content:{path}": used.digest for path, used in sorted(content.used.items()) if path.startswith(DECISIVE)},
    }
    name = "-".join((slug(subject.name), _label(names), fingerprint(inputs)[:6]))
    out = place(asked.out / KIND / name, new=asked.new)
    return WvsPlan(
        asked=asked,
        subject=subject,
        cultures=cultures,
        mode=mode,
        layout=layout,
        columns=columns,
        samples=samples,
        readers={name: suite.reader for name, suite in suites.items()},
        sheets=tuple(every),
        content=content,
        inputs=inputs,
        out=out,
        data=None if data is None else data.path,
        finished=(out / SCORES).is_file(),
        warnings=(*subject.notes, *(note for sample in samples.values() for note in sample.notes)),
    )


def find_data(given: Path | None, workspace: Path | None) -> ImportedRespondents | None:
    """The respondents to use: those given, else those imported, else none."""
    usual = default_folder(workspace) / FILE
    if given is None and not usual.is_file():
        return None
    return open_respondents(usual if given is None else given)


def sample_of(
    culture: Culture,
    suite: WvsSuite,
    columns: ScoreLayout,
    data: ImportedRespondents | None,
    named: bool,
    *,
    n: int,
    seed: int,
    weighted: bool,
) -> Sample:
    """The sample of a culture. Data that were not `named` by the user need not hold it: then it is synthetic."""
    countries = culture.members or (culture.id,)
    notes = []
    if data is not None and not named and not set(countries) <= set(data.countries):
        notes.append(f"{data.path} holds nobody of {culture.id}: its respondents are synthetic")
        data = None
    counts = {place: coverage.respondents for place, coverage in suite.coverage.items()}
    sources = SampleSources(data, suite.shares, suite.demographics, counts)
    sample = sample_culture(sources, culture.id, countries, columns, n=n, seed=seed, weighted=weighted)
    return replace(sample, notes=(*notes, *sample.notes))


def _cultures(asked: WvsConfig, catalogue: CultureCatalogue, taught: Sequence[str]) -> list[str]:
    if any(name.casefold() == ALL for name in asked.cultures):
        return catalogue.ids()
    return list(dict.fromkeys(map(catalogue.find, asked.cultures or taught or PAPER_ORDER)))


def _layout(asked: WvsConfig, subject: EvaluatedModel, template: Template) -> Layout:
    if asked.layout is not None:
        return asked.layout  # type: ignore[return-value]
    if subject.student is None or (subject.obstacle and not subject.plain):
        return "chat"
    return "text" if subject.plain or not template(subject.student) else "chat"


def _suites(asked: WvsConfig, content: Content, cultures: Sequence[str], english: WvsSuite) -> dict[str, WvsSuite]:
    native = asked.language == NATIVE
    languages = {name: native_language(content, name) if native else asked.language for name in cultures}
    others = set(languages.values()) - {english.language}
    loaded = {english.language: english, **{language: load_suite(content, language) for language in sorted(others)}}
    return {name: loaded[language] for name, language in languages.items()}


def _items(asked: WvsConfig, suite: WvsSuite) -> list[Item]:
    known = {item.id: item for item in suite.items.items}
    if asked.items is None:
        return list(known.values())
    wanted = [one.upper() for one in asked.items.replace(",", " ").split()]
    strange = next((one for one in wanted if one not in known), None)
    if strange is not None or not wanted:
        there = f"there are {next(iter(known))} to {list(known)[-1]}, listed in eval/wvs/items.yaml"
        raise SettingsError(f"--items {strange}: is no item; {there}" if strange else f"--items: is empty; {there}")
    return [item for id, item in known.items() if id in wanted]


def _methods(asked: WvsConfig, subject: EvaluatedModel, layout: Layout, culture: str) -> list[Method]:
    adapted = culture in subject.adapters
    if "clca" in asked.methods and not adapted:
        if asked.base_url:
            raise SettingsError("--method clca needs --adapter NAME: the name that the server has for the adapter")
        raise SettingsError(
            f"--method clca needs an adapter, and there is none of {culture} for {subject.name} in {ADAPTERS}/:"
            f" make one with `clca train -c {culture}`, or give one with --adapter"
        )
    usual: list[Method] = ["persona", "cultural", *(["clca"] if adapted else [])]  # type: ignore[list-item]
    if layout == BARE:
        if "persona" in asked.methods:
            raise SettingsError("--format bare tells of no respondent: ask with --method cultural or clca")
        usual.remove("persona")
    return [method for method in METHODS if method in (asked.methods or usual)]


def _sheets(
    asked: WvsConfig,
    subject: EvaluatedModel,
    suite: WvsSuite,
    sample: Sample,
    methods: Sequence[Method],
    layout: Layout,
    columns: ScoreLayout,
) -> Iterator[RespondentRequestGroup]:
    """The sheets of a culture; items that its survey does not have are not asked."""
    items = [item for item in suite.items.items if item.id in columns.index and item.id in sample.survey.shares]
    if not items:
        raise SettingsError(f"--items {asked.items}: none of them was asked in {sample.culture}")
    form: Format = "chat" if layout == "chat" else "text"
    orders = asked.orders or ORDERS[:1]
    questions = tuple(
        one
        for order in ORDERS
        if order in orders
        for one in ask_in_order(items, suite.prompts, form, order, asked.seed)
    )
    for method in methods:
        people = sample.respondents
        yield from request_groups(
            sample.culture,
            method,
            people,
            questions,
            suite.persona,
            suite.prompts,
            adapter=subject.adapters[sample.culture].name if method == "clca" else "",
            bare=layout == BARE,
        )


def _label(cultures: Sequence[str]) -> str:
    if len(cultures) == 1:
        return cultures[0]
    return "paper" if set(cultures) == set(PAPER_ORDER) else f"{len(cultures)}-cultures"
