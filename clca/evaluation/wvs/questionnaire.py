"""The questionnaire of an evaluation on the survey: which cultures, items, orders and methods are asked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from clca.content.lookup import Content
from clca.content.wvs_items import Item
from clca.content.wvs_scales import scaled_items
from clca.culture import CultureCatalogue
from clca.errors import SettingsError
from clca.evaluation.evaluated_model import EvaluatedModel
from clca.evaluation.model_selection import ADAPTERS
from clca.evaluation.wvs.config import Layout, WvsConfig
from clca.evaluation.wvs.offered_items import OfferedItems
from clca.evaluation.wvs.paper_table import PAPER_ORDER
from clca.evaluation.wvs.question import Format, item_questions, request_groups
from clca.evaluation.wvs.request_group import RespondentRequestGroup
from clca.evaluation.wvs.sampling import Sample
from clca.evaluation.wvs.suite import NATIVE, WvsSuite, load_suite, native_language
from clca.models.load import load_tokenizer
from clca.models.student import Student
from clca.records import Method, Order

ALL, BARE = "all", "bare"
METHODS: tuple[Method, ...] = ("persona", "cultural", "clca")
ORDERS: tuple[Order, ...] = ("given", "reversed", "shuffled")


def has_chat_template(student: Student) -> bool:
    """Whether a student's tokenizer has a chat template."""
    return bool(load_tokenizer(student).chat_template)


def choose_cultures(config: WvsConfig, catalogue: CultureCatalogue, trained_on: Sequence[str]) -> list[str]:
    """The cultures of the configuration, else those that the adapters were trained on, else the paper's five.

    Raises `NotFoundError` for an unknown culture.
    """
    if any(name.casefold() == ALL for name in config.culture):
        return catalogue.ids()
    return list(dict.fromkeys(map(catalogue.find, config.culture or trained_on or PAPER_ORDER)))


def choose_format(config: WvsConfig, model: EvaluatedModel) -> Layout:
    """The format of the configuration, else the one that the model and its adapters were trained with."""
    if config.format is not None:
        return config.format
    if model.student is None or (model.unavailable_reason and not model.learned_plain_text):
        return "chat"
    return "text" if model.learned_plain_text or not has_chat_template(model.student) else "chat"


def load_suites(config: WvsConfig, content: Content, cultures: Sequence[str], english: WvsSuite) -> dict[str, WvsSuite]:
    """The suite of each culture, in its language. Raises `NotFoundError` for a language that has none."""
    native = config.language == NATIVE
    languages = {name: native_language(content, name) if native else config.language for name in cultures}
    others = set(languages.values()) - {english.language}
    translated = {language: load_suite(content, language, config.scoring) for language in sorted(others)}
    loaded = {english.language: english, **translated}
    return {name: loaded[language] for name, language in languages.items()}


def choose_items(config: WvsConfig, suite: WvsSuite) -> list[Item]:
    """The items of the configuration, else all. Raises `SettingsError` for an unknown item."""
    items = {item.id: item for item in suite.items.items}
    unknown = next((id for id in config.items if id not in items), None)
    if unknown is not None:
        first, last = next(iter(items)), list(items)[-1]
        raise SettingsError(
            f"--items {unknown}: no such item; there are {first} to {last}, listed in eval/wvs/items.yaml"
        )
    return [item for id, item in items.items() if not config.items or id in config.items]


def choose_orders(config: WvsConfig) -> tuple[Order, ...]:
    """The orders of the options, the given one first."""
    return tuple(order for order in ORDERS if order in (config.order or ORDERS[:1]))


def choose_methods(config: WvsConfig, model: EvaluatedModel, format: Layout, culture: str) -> list[Method]:
    """The methods of the configuration, else all that the culture has what they need.

    Raises `SettingsError` for a method that lacks an adapter, or respondents.
    """
    adapted = culture in model.adapters
    if "clca" in config.method and not adapted:
        if config.base_url:
            raise SettingsError("--method clca needs --adapter NAME: the adapter's name on the server")
        raise SettingsError(
            f"--method clca needs an adapter, and there is none of {culture} for {model.name} in {ADAPTERS}/:"
            f" make one with `clca train -c {culture}`, or give one with --adapter"
        )
    if format == BARE and "persona" in config.method:
        raise SettingsError("--format bare describes no respondent: use --method cultural or clca")
    possible = {"persona": format != BARE, "cultural": True, "clca": adapted}
    return [method for method in METHODS if (method in config.method if config.method else possible[method])]


def make_request_groups(
    config: WvsConfig,
    model: EvaluatedModel,
    suite: WvsSuite,
    sample: Sample,
    methods: Sequence[Method],
    format: Layout,
    offered: OfferedItems,
) -> Iterator[RespondentRequestGroup]:
    """The request groups of a culture; items that its survey does not have are not asked.

    Raises `SettingsError` where no item is left.
    """
    asked = {item.id for item in offered.items} & sample.survey.shares.keys()
    items = [item for item in scaled_items(suite.items.items, offered.three(sample.culture)) if item.id in asked]
    if not items:
        raise SettingsError(f"--items {','.join(config.items)}: none of them was asked in {sample.culture}")
    prompt_format: Format = "chat" if format == "chat" else "text"
    questions = tuple(
        question
        for order in choose_orders(config)
        for question in item_questions(items, suite.prompts, prompt_format, order, config.seed, config.scoring)
    )
    for method in methods:
        yield from request_groups(
            sample.culture,
            method,
            sample.respondents,
            questions,
            suite.persona,
            suite.prompts,
            adapter=model.adapters[sample.culture].name if method == "clca" else "",
            bare=format == BARE,
            scoring=config.scoring,
        )
