"""The cost of an evaluation on the survey: prompts and tokens of a culture and method."""

from __future__ import annotations

from collections.abc import Sequence

from clca.evaluation.cost import CostPart, group_tokens
from clca.evaluation.wvs.request_group import RespondentRequestGroup
from clca.inference.tokenization import Tokens

MEASURED_GROUPS = 8  # request groups of each culture and method whose tokens are counted


def cost_part(groups: Sequence[RespondentRequestGroup], tokens: Tokens | None) -> CostPart:
    """Tokens are counted on a few request groups, spread over all, and taken for all of them."""
    once = unshared = None
    if tokens is not None:
        measured = [groups[index * len(groups) // MEASURED_GROUPS] for index in range(MEASURED_GROUPS)][: len(groups)]
        counts = [group_tokens(tokens, group) for group in measured]
        factor = len(groups) / len(measured)
        once = round(sum(shared + own for shared, own, _ in counts) * factor)
        unshared = round(sum(shared * prompts + own for shared, own, prompts in counts) * factor)
    return CostPart(
        {"culture": groups[0].culture, "method": groups[0].method},
        {
            "sheets": len(groups),
            "prompts": sum(len(group.questions) for group in groups),
            "tokens": once,
            "tokens_unshared": unshared,
        },
    )
