"""The simulator's content, read from the files of `scenarios/` and checked as a whole.

`acts.yaml` holds the phrases that fit any scenario, `matter-*.yaml` the lines of each seed scenario, `norm-talk.yaml`
the frames of scenarios made from norms, and `norms*.jsonl` the norms.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from pydantic import RootModel, ValidationError

from clca.content.parsing import parse_yaml, read_jsonl, read_yaml, suggestion, yaml_error, yaml_line
from clca.culture.everyday import KEYS
from clca.errors import ContentError
from clca.records import Norm
from clca.simulator.content_schema import Phrasebook, Topic
from clca.simulator.norm_talk_schema import NormTalk

# The placeholders that may stand in braces: in a topic's lines, in the phrasebook, in the talk about norms.
_PHRASEBOOK = """
He His has his is pro_obj other culture goal topic first last turns seen quote jar strange tongue evidence
wish_a wish_b
"""
_TALK = """
a b He_a He_b he_a he_b him_a him_b himself_b his_a his_b Place place culture breach breach_b breaching_me
explain remedy remedy_b remedy_me
"""
TOPIC_PLACEHOLDERS = frozenset({*KEYS, "city", "third_f", "third_m"})
PHRASEBOOK_PLACEHOLDERS = TOPIC_PLACEHOLDERS | frozenset(_PHRASEBOOK.split())
NORM_TALK_PLACEHOLDERS = TOPIC_PLACEHOLDERS | frozenset(_TALK.split())
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True)
class SimulatorContent:
    """Everything that the simulator can say. `topics` are by scenario id, `norms` by norm id."""

    phrasebook: Phrasebook
    topics: Mapping[str, Topic]
    talk: NormTalk
    norms: Mapping[str, Norm]


Topics = RootModel[dict[str, Topic]]


def _check_placeholders(path: str, text: str, known: frozenset[str]) -> None:
    """Raise `ContentError` at the line of a placeholder that nothing fills."""
    if known.issuperset(_PLACEHOLDER.findall(text)):
        return
    for loc, line in _strings(parse_yaml(path, text), ()):
        for name in _PLACEHOLDER.findall(line):
            if name not in known:
                key = ".".join(map(str, loc))
                hint = suggestion(name, known) or f"; known: {', '.join(sorted(known))}"
                raise ContentError(path, yaml_line(text, loc), f"{key}: unknown placeholder {{{name}}}{hint}")


def _strings(value: Any, loc: tuple[Any, ...]) -> Iterator[tuple[tuple[Any, ...], str]]:
    if isinstance(value, str):
        yield loc, value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _strings(inner, (*loc, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _strings(inner, (*loc, index))


# Of these lines an angle has its own and those of `base`; of all others its own or, without any, those of `base`.
_SHARED = (
    "questions",
    "object_direct",
    "object_soft",
    "reasons",
    "press_back",
    "accept",
    "refuse_direct",
    "refuse_soft",
    "concede",
)


def _with_base(data: Any) -> Any:
    """The file with each angle's matter completed by the lines of `base`."""
    if not isinstance(data, dict) or not isinstance(data.get("base"), dict) or not isinstance(data.get("angles"), list):
        return data
    base = data["base"]
    angles = []
    for angle in data["angles"]:
        if isinstance(angle, dict):
            own = angle.get("matter") or {}
            merged = base | own
            if not angle.get("alone"):
                merged |= {name: [*own.get(name, []), *base.get(name, [])] for name in _SHARED}
            angle = angle | {"matter": merged}
        angles.append(angle)
    return data | {"angles": angles}


def _talk(path: str, text: str) -> NormTalk:
    try:
        return NormTalk.model_validate(_with_base(parse_yaml(path, text)))
    except ValidationError as error:
        raise yaml_error(path, text, error) from None


def _topics(path: str, text: str) -> dict[str, Topic]:
    topics = read_yaml(path, text, Topics).root
    for key, topic in topics.items():
        if len(topic.counter) != len(topic.counter_yes):
            line = yaml_line(text, (key, "counter_yes"))
            raise ContentError(path, line, f"{key}.counter_yes: needs one line for each line of counter")
    _check_placeholders(path, text, TOPIC_PLACEHOLDERS)
    return topics


def load_simulator_content(files: Mapping[str, str]) -> SimulatorContent:
    """The simulator's content from files (path to text); files of other kinds are skipped.

    Raises `ContentError` with path, line and key of the first fault.
    """
    return _read(tuple(sorted(files.items())))


@lru_cache(maxsize=2)
def _read(files: tuple[tuple[str, str], ...]) -> SimulatorContent:
    """The content of files that come in order of their paths: the runs of several cultures share it."""
    phrasebook: Phrasebook | None = None
    talk: NormTalk | None = None
    topics: dict[str, Topic] = {}
    norms: dict[str, Norm] = {}
    for path, text in files:
        name = path.rsplit("/", 1)[-1]
        if name == "acts.yaml":
            phrasebook = read_yaml(path, text, Phrasebook)
            _check_placeholders(path, text, PHRASEBOOK_PLACEHOLDERS)
        elif name == "norm-talk.yaml":
            talk = _talk(path, text)
            _check_placeholders(path, text, NORM_TALK_PLACEHOLDERS)
        elif name.startswith("matter-"):
            topics.update(_topics(path, text))
        elif name.startswith("norms") and name.endswith(".jsonl"):
            norms.update({norm.id: norm for norm in read_jsonl(path, text, Norm)})
    if phrasebook is None:
        raise ContentError("scenarios/rehearsal/acts.yaml", None, "the simulator needs this file")
    if talk is None:
        raise ContentError("scenarios/rehearsal/norm-talk.yaml", None, "the simulator needs this file")
    return SimulatorContent(phrasebook=phrasebook, topics=topics, talk=talk, norms=norms)
