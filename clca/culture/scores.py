"""The published scores: Hofstede's dimensions (2015) and the Inglehart-Welzel map (2023)."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from clca.content.lookup import Content
from clca.content.parsing import read_csv
from clca.errors import ContentError
from clca.records import Hofstede, MapPosition

HOFSTEDE = "personas/hofstede_2015.csv"
MAP = "personas/inglehart_welzel_2023.csv"

DIMENSIONS = {
    "pdi": "power distance",
    "idv": "individualism",
    "mas": "masculinity",
    "uai": "uncertainty avoidance",
    "lto": "long-term orientation",
    "ivr": "indulgence",
}


class HofstedeRow(BaseModel):
    """A row of Hofstede's table; scores run from 0 to about 100."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    culture: str
    country: str
    iso3: str | None
    PDI: float | None
    IDV: float | None
    MAS: float | None
    UAI: float | None
    LTO: float | None
    IVR: float | None
    note: str | None

    def scores(self) -> Hofstede:
        """The six dimensions, 0 to 100 each; None where there is no score."""
        return Hofstede(pdi=self.PDI, idv=self.IDV, mas=self.MAS, uai=self.UAI, lto=self.LTO, ivr=self.IVR)


class MapRow(BaseModel):
    """A country's row of the map; coordinates are factor scores, about -3 to 3."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    culture: str | None
    iso3: str | None
    wvs_country_code: int
    country: str
    survey_year: int
    traditional_vs_secular_rational: float
    survival_vs_self_expression: float
    zone: str

    def position(self) -> MapPosition:
        """The position on the cultural map, in factor scores."""
        return MapPosition(secular=self.traditional_vs_secular_rational, expression=self.survival_vs_self_expression)


class Scores:
    """Both tables by culture id; Hofstede's has rows of regions, too."""

    def __init__(self, content: Content) -> None:
        self._hofstede: dict[str, HofstedeRow] = {}
        for row in read_csv(content.shown(HOFSTEDE), content.text(HOFSTEDE), HofstedeRow):
            if row.culture in self._hofstede:
                raise ContentError(content.shown(HOFSTEDE), None, f"culture: duplicate {row.culture!r}")
            self._hofstede[row.culture] = row
        self.map_rows = read_csv(content.shown(MAP), content.text(MAP), MapRow)
        self._map = {row.culture: row for row in self.map_rows if row.culture}
        self._path = content.shown(HOFSTEDE)

    def hofstede(self, row: str) -> tuple[Hofstede, str]:
        """The scores of a row and a note on their source; all scores of an unknown row are missing."""
        entry = self._hofstede.get(row)
        if entry is None:
            return Hofstede(pdi=None, idv=None, mas=None, uai=None, lto=None, ivr=None), "not in the 2015 matrix"
        source = f"Hofstede dimension data matrix, 2015-08-16, row {entry.country}"
        return entry.scores(), f"{source}: {entry.note}" if entry.note else source

    def proxy(self, row: str) -> tuple[Hofstede, str]:
        """The scores of a region that a culture uses as a proxy, and a note. Raises `ContentError` for no such row."""
        if row not in self._hofstede:
            raise ContentError(self._path, None, f"no row {row!r}, which a culture names as its hofstede_proxy")
        scores, note = self.hofstede(row)
        return scores, f"{note}; a regional row used as a proxy, not measured for this culture itself"

    def position(self, culture: str) -> tuple[MapPosition, str]:
        """The position of a culture on the map and a note on its source; missing for a culture not on the map."""
        entry = self._map.get(culture)
        if entry is None:
            return MapPosition(secular=None, expression=None), "not on the 2023 map"
        return entry.position(), f"EVS/WVS Cultural Map 2023, {entry.country} {entry.survey_year}, zone {entry.zone}"


def mean_hofstede(parts: list[Hofstede]) -> Hofstede:
    """The mean of each dimension over the members whose score is not missing, to 1 decimal."""
    return Hofstede(**{key: _mean([getattr(part, key) for part in parts]) for key in DIMENSIONS})


def mean_position(parts: list[MapPosition]) -> MapPosition:
    """The mean of each axis over the members whose position is not missing, to 4 decimals."""
    return MapPosition(
        secular=_mean([part.secular for part in parts], 4), expression=_mean([part.expression for part in parts], 4)
    )


def _mean(values: list[float | None], digits: int = 1) -> float | None:
    known = [value for value in values if value is not None]
    return round(sum(known) / len(known), digits) if known else None
