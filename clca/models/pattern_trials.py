"""How often a search by a regular expression may have to try again at one place of a text, at most.

A pattern fails only once every way was tried in which the parts before its last needful one can match. A part that is
repeated from m to n times has n - m + 1 ways, one that is repeated without end `ENDLESS`; ways multiply along a
sequence, and add up over alternatives. What follows the last needful part never fails.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import inf, prod

ENDLESS = 1000
DEEPEST = 20  # groups in each other, and times that a group of several ways is repeated
_CLASS_OR_ESCAPE = re.compile(r"\\(?:[pPx]\{[^}]*\}|[^gk])|\[\^?\]?(?:\\.|[^\[\]\\])*+\]", re.DOTALL)
_TOKEN = re.compile(
    r"(?P<open>\((?:\?(?:[im]*:|<?[=!]|>|<\w+>))?)(?![?*])|(?P<end>[)|])"
    r"|(?P<times>\{(?=,?[0-9])(?P<least>[0-9]*)(?P<comma>,?)(?P<most>[0-9]*)\}|(?P<sign>[*+?])[+?]?)"
    r"|(?P<one>[^()|*+?])",
    re.DOTALL,
)


def most_trials(pattern: str) -> float:
    r"""The number of trials; infinity for a pattern that is not understood, or may try for ever.

    >>> most_trials(r"\s+(?!\S)|\p{N}{1,3}| ?[^\s\p{L}]+[\r\n]*")
    1006.0
    >>> most_trials(r"\w*\w*!"), most_trials(r"(a|aa)+!")
    (1001002.0, inf)
    """
    plain = pattern.removeprefix("(?i)")
    while (shorter := _CLASS_OR_ESCAPE.sub("x", plain)) != plain:  # classes may lie in each other
        plain = shorter
    if re.search(r"[\[\]\\]", plain):  # a class that is not closed, or a pattern that calls a part of itself
        return inf
    reader = _Reader(plain)
    part = reader.alternatives(0)
    return part.trials if reader.at == len(plain) else inf


@dataclass(frozen=True, slots=True)
class _Part:
    """The `ways` in which a part can match, and the `trials` until it fails; one that is `needful` can fail."""

    ways: float
    trials: float
    needful: bool

    def repeated(self, least: int, most: float) -> _Part:
        """The part from `least` to `most` times."""
        if self.ways == 1:
            ways = abs((ENDLESS if most == inf else most) - least) + 1
            return _Part(ways, self.trials, least > 0)
        ways = inf if max(least, most) > DEEPEST else sum(self.ways**times for times in range(int(most) + 1))
        return _Part(ways, max(ways, self.trials), least > 0)


class _Reader:
    """Reads a pattern in which each class and escape is one letter, up to `at`."""

    def __init__(self, plain: str) -> None:
        self._plain, self.at = plain, 0

    def alternatives(self, depth: int) -> _Part:
        """The part up to the end of its group."""
        found = [self._sequence(depth)]
        while self._plain.startswith("|", self.at):
            self.at += 1
            found.append(self._sequence(depth))
        ways, trials = sum(part.ways for part in found), sum(part.trials for part in found)
        return _Part(ways, trials, all(part.needful for part in found))

    def _sequence(self, depth: int) -> _Part:
        parts: list[_Part] = []
        while (token := _TOKEN.match(self._plain, self.at)) and (token["open"] or token["one"]):
            self.at = token.end()
            part = self._group(token["open"], depth + 1) if token["open"] else _Part(1, 1, needful=True)
            while (times := _TOKEN.match(self._plain, self.at)) and times["times"]:
                self.at = times.end()
                part = part.repeated(*_bounds(times))
            parts.append(part)
        needful = [number for number, part in enumerate(parts) if part.needful]
        tried = needful[-1] + 1 if needful else 0
        trials = sum(
            part.trials * (prod(before.ways for before in parts[:number]) if number < tried else 1)
            for number, part in enumerate(parts)
        )
        return _Part(prod(part.ways for part in parts), trials, bool(needful))

    def _group(self, opened: str, depth: int) -> _Part:
        inner = self.alternatives(depth) if depth <= DEEPEST else None
        if inner is None or not self._plain.startswith(")", self.at):
            return _Part(inf, inf, needful=True)
        self.at += 1
        looks = opened.endswith(("=", "!", ">")) and not re.search(r"\w", opened)  # once, whatever follows
        return _Part(1, inner.trials, needful=True) if looks else inner


def _bounds(times: re.Match[str]) -> tuple[int, float]:
    if sign := times["sign"]:
        return int(sign == "+"), 1 if sign == "?" else inf
    least = int(times["least"] or 0)
    return least, int(times["most"]) if times["most"] else inf if times["comma"] else least
