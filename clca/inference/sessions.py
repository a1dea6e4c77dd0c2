"""Which requests of an evaluation belong at one server, whose prefix cache holds their beginning."""

from __future__ import annotations

import hashlib
from collections import Counter

from clca.inference.requests import RequestGroup

SESSION_QUESTIONS = 32
"""Questions that make a session full. Each server of a session reads its beginning once: at most one prompt in so many
is read anew because there are several servers."""


class Sessions:
    """Names the session of each request group: those of one adapter with one beginning share it until it is full.

    A group is never divided. Sessions are what servers are given, so that a beginning that many groups share (the
    instructions of a suite, the worked examples of a subject) is not asked of one server alone.
    """

    def __init__(self) -> None:
        self._questions = Counter[str]()

    def of(self, group: RequestGroup) -> str:
        """The session of the next group."""
        beginning = hashlib.sha256(f"{group.adapter}\0{group.system}".encode()).hexdigest()[:16]
        session = f"{beginning}-{self._questions[beginning] // SESSION_QUESTIONS}"
        self._questions[beginning] += len(group.questions)
        return session
