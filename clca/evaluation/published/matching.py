"""Which published numbers a run may stand beside: those for which it has every setting that they need."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from clca.evaluation.published.catalogue import Entry, PrintedCell

Settings = Mapping[str, str]
"""The settings of a run by name, as texts. One that is not there is not known of the run."""

UNKNOWN = "not known"
NAMES = {"respondents": "respondents of each culture", "weights": "weighted respondents", "adapters": "adapters of"}


@dataclass(frozen=True, slots=True)
class Difference:
    """A setting in which a run differs from what was published."""

    setting: str
    ours: str
    published: str

    def __str__(self) -> str:
        return f"{NAMES.get(self.setting, self.setting)} {self.ours}, published {self.published}"


@dataclass(frozen=True, slots=True)
class Matched:
    """The printed numbers that a run may stand beside; how many more of its systems are withheld, and why."""

    entries: tuple[Entry, ...] = ()
    withheld: int = 0
    differences: tuple[Difference, ...] = ()

    def __or__(self, other: Matched) -> Matched:
        """What either of two evaluations may stand beside."""
        differing = dict.fromkeys((*self.differences, *other.differences))
        return Matched((*self.entries, *other.entries), self.withheld + other.withheld, tuple(differing))

    def notes(self) -> tuple[str, ...]:
        """What is withheld, in one line."""
        if not self.withheld:
            return ()
        shown = f"; {len(self.entries):,} are shown" if self.entries else ""
        differences = "; ".join(map(str, self.differences))
        return (
            f"Published numbers of this student: {self.withheld:,} are not shown, from which this run differs"
            f" ({differences}){shown}. `clca published` shows all, with what a run must have.",
        )


def differences(needs: Mapping[str, tuple[str, ...]], settings: Settings) -> list[Difference]:
    """What a run has otherwise than needed.

    >>> differences({"shots": ("0",), "mode": ("generate",)}, {"shots": "5", "mode": "generate"})
    [Difference(setting='shots', ours='5', published='0')]
    """
    return [
        Difference(setting, settings.get(setting, UNKNOWN), " or ".join(values))
        for setting, values in needs.items()
        if settings.get(setting) not in values
    ]


def match(
    cells: Iterable[PrintedCell],
    settings_of: Callable[[PrintedCell], Settings | None],
) -> Matched:
    """Which of the printed numbers a run may stand beside.

    `settings_of` gives the settings of the run's system that a number is of, None where the run has no such system.
    """
    shown: dict[int, Entry] = {}
    withheld: dict[int, list[Difference]] = {}
    for cell in cells:
        settings = settings_of(cell)
        if settings is None:
            continue
        differing = differences(cell.needs, settings)
        if differing:
            withheld.setdefault(id(cell.entry), differing)
        else:
            shown[id(cell.entry)] = cell.entry
    left_out = {key: lines for key, lines in withheld.items() if key not in shown}
    return Matched(
        tuple(shown.values()),
        len(left_out),
        tuple(dict.fromkeys(difference for lines in left_out.values() for difference in lines)),
    )


def listed(names: Iterable[str]) -> str:
    """Names in one text, in alphabetical order, as a setting holds several of them."""
    return ", ".join(sorted(names))
