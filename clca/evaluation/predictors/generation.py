"""Replies written greedily, token by token, by all rows of a batch at once."""

from __future__ import annotations

from collections.abc import Sequence, Set

from clca.evaluation.predictors.shared_prefix import Part, SharedPrefix, drop_rows

REPLY_TOKENS = 16  # tokens of a reply


def write_replies(
    prefix: SharedPrefix, parts: Sequence[Part], ends: Set[int], most: int = REPLY_TOKENS
) -> list[list[int]]:
    """The tokens of each row's reply, at most `most`, without the one of `ends` that closes it.

    The same as `generate(do_sample=False)` for each prompt alone. Rows that have ended are dropped once
    they are half of the batch.
    """
    import torch

    replies: list[list[int]] = [[] for _ in parts]
    running = list(range(len(parts)))  # the reply that each row of the batch writes; ended ones are negative
    opened = prefix.open(parts, keep=True)
    for step in range(most):
        tokens = opened.logits.argmax(-1)
        for row, token in enumerate(tokens.tolist()):
            if running[row] < 0:
                continue
            if token in ends:
                running[row] = -1
            else:
                replies[running[row]].append(token)
        left = [row for row, reply in enumerate(running) if reply >= 0]
        if not left or step == most - 1:
            break
        if 2 * len(left) <= len(running):
            kept = torch.tensor(left, device=tokens.device)
            drop_rows(opened, kept)
            tokens, running = tokens[kept], [running[row] for row in left]
        prefix.go_on(opened, tokens)
    return replies
