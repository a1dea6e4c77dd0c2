"""The request of a turn that was not kept, made again from its record where nothing that it rests on has changed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import clca
from clca.content.lookup import Content
from clca.content.prompts import Prompts
from clca.culture import CultureCatalogue
from clca.culture.catalogue import AND
from clca.errors import NotFoundError
from clca.generation.dialogue import DialogueSetup, Side, answer_type
from clca.generation.recorded_settings import config_of
from clca.generation.scheduler import kept_request
from clca.generation.temperature import PLAYERS, Temperature
from clca.inference.protocol import Role, Sampling, TaskRequest
from clca.records import Dialogue
from clca.schemas import TurnAnswer
from clca.seeding import derive
from clca.storage.kept_requests import KeptRequest
from clca.storage.run_index import RunInfo

CONTENT = "content:"


def rebuilt_request(run: RunInfo, dialogue: Dialogue, turn: int, workspace: Path | None = None) -> KeptRequest:
    """The first request for a turn, as `rebuilt_requests` makes those of several."""
    return rebuilt_requests(run, dialogue, (turn,), workspace)[0]


def rebuilt_requests(
    run: RunInfo, dialogue: Dialogue, turns: Sequence[int], workspace: Path | None = None
) -> list[KeptRequest]:
    """The first request for each of some turns, counted from 1, without its reply, which nobody kept.

    Replies without a valid answer, and what was asked after them, are not known. Raises `NotFoundError` where the
    prompt may not be as it was: by another version, from other content, in two cultures or one of several countries.
    """
    if run.inputs.get("clca") != clca.__version__:
        raise _refusal(f"it was made by clca {run.inputs.get('clca', 'of an unknown version')}")
    config = config_of(run)
    content = Content(workspace)
    catalogue = CultureCatalogue(content)
    if AND in dialogue.culture:
        raise _refusal("prompts of two cultures are not made again")
    if catalogue.culture(dialogue.culture).members:
        raise _refusal("the country that it was played in is not recorded")
    culture = catalogue.for_scenario(dialogue.culture, dialogue.scenario.id, config.seed)
    prompts = Prompts.load(content)
    setup = DialogueSetup.of(config, culture, dialogue.scenario, _temperatures(run))
    requests = {turn: _request(setup, prompts, dialogue, turn) for turn in turns}
    _require_same(run, content)
    return [
        _kept(request, dialogue, derive(config.seed, dialogue.id, "turn", turn - 1, 0))
        for turn, request in requests.items()
    ]


def _kept(request: TaskRequest[TurnAnswer], dialogue: Dialogue, seed: int) -> KeptRequest:
    sampling = Sampling(request.temperature, request.top_p, request.max_tokens, seed)
    teacher = {"teacher": dialogue.teacher, "partner": dialogue.partner}[request.role]
    return kept_request(request, request.seeded(sampling, dialogue.id, 0), 0, teacher, None)


def _request(setup: DialogueSetup, prompts: Prompts, dialogue: Dialogue, turn: int) -> TaskRequest[TurnAnswer]:
    """What was asked for a turn, by going through the turns before it as `play_dialogue` does."""
    sides = (Side(setup, 0, prompts), Side(setup, 1, prompts))
    side, partner = sides[dialogue.scenario.opener], sides[1 - dialogue.scenario.opener]
    earlier = dialogue.turns[: turn - 1]
    for number, past in enumerate(earlier):
        answer = answer_type(first=number < 2, thought=setup.asks_for_thought)
        try:
            side.add_own_answer(answer(**{name: getattr(past, name) for name in answer.model_fields}))
        except ValueError:
            raise _refusal(f"turn {number + 1} is not as a model gave it") from None
        partner.add_partner_turn(past)
        side, partner = partner, side
    return side.request(earlier)


def _temperatures(run: RunInfo) -> dict[Role, Temperature]:
    try:
        return {role: Temperature.model_validate(run.data["temperatures"][role]) for role in PLAYERS}
    except (KeyError, TypeError, ValueError):
        raise _refusal("its temperature is not recorded") from None


def _require_same(run: RunInfo, content: Content) -> None:
    """Raise `NotFoundError` unless the content is that of the run."""
    for path, used in content.used.items():
        recorded = run.inputs.get(f"{CONTENT}{path}")
        if recorded is not None and recorded != used.digest:
            raise _refusal(f"{path} has changed since")


def _refusal(why: str) -> NotFoundError:
    return NotFoundError(
        f"this request was not kept, and cannot be made again: {why} (clca generate --keep-requests keeps them)"
    )
