from __future__ import annotations

from math import inf

import pytest

from clca.models.pattern_trials import ENDLESS, most_trials

E = ENDLESS + 1  # ways of what is repeated without end, from no time on


@pytest.mark.parametrize(
    ("pattern", "trials"),
    [
        ("", 0),
        ("abc", 3),  # each letter once
        ("a*", 1),  # never fails
        ("a*b", 1 + E),
        ("a?b", 1 + 2),
        ("a{2,5}b", 1 + 4),
        ("a{,5}b", 1 + 6),
        ("a{5}b", 1 + 1),
        ("a{x}b", 5),  # no repetition, but letters
        ("a*b*", 2),
        ("a*b+", 1 + E),  # b+ fails at its first letter only
        ("a*b*c", 1 + E + E * E),
        ("a*|b*c", 1 + 1 + E),
        ("(a|bb)c", 3 + 2 * 1),  # two ways, three letters
        ("(?:ab)*c", 2 + E),
        ("(a|b)*c", inf),
        ("(a*)*", inf),
        ("(a|b){2}c", 7 + 7),  # one way by no time, two by one, four by two
        ("a*(?=b*c)d", 1 + E * (1 + E) + E),  # a look ahead begins anew for each a
        ("a(?i:'s|'t)?", 1 + 4),
        ("(?>a*)b", 1 + 1),
        ("(?<name>a*)b", 1 + E),
        (r"\p{L}[^a\]b]*[[:alpha:]&&[^x]]!", 1 + 1 + E + E),
        (r"(a)\g<1>", inf),
        ("(?x: a )", inf),
        ("(a", inf),
        ("a)", inf),
        ("[a", inf),
        ("*", inf),
        ("(" * 50 + ")" * 50, inf),
    ],
)
def test_trials_at_one_place(pattern: str, trials: float) -> None:
    assert most_trials(pattern) == trials
