"""What figures are made of: finished evaluations, read from their folders, and the published numbers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from clca.content.lookup import Content
from clca.culture import CultureCatalogue
from clca.errors import ClcaError, SettingsError
from clca.evaluation.prediction_dir import read_info
from clca.evaluation.published.catalogue import PublishedCatalogue, load_catalogue
from clca.evaluation.results import StoredEvaluation, read_evaluation
from clca.evaluation.score_matrix import MOST
from clca.report.figures.survey_source import SurveySource, read_survey

OFFENSE, SURVEY = "offense", "wvs"


@dataclass(frozen=True, slots=True)
class Sources:
    """Evaluations by kind, in the order in which they were given; `unread` says of each other folder why not.

    `content` has the survey's items, shares and cultures of the workspace, `published` the papers' numbers.
    """

    surveys: tuple[SurveySource, ...]
    offense: tuple[StoredEvaluation, ...]
    unread: tuple[str, ...]
    content: Content
    published: PublishedCatalogue

    def where(self, *, rehearsal: bool) -> Sources:
        """The evaluations that are rehearsals or demonstrations, or those that are not."""
        surveys = tuple(source for source in self.surveys if source.info.rehearsal == rehearsal)
        offense = tuple(
            stored for stored in self.offense if (stored.marks.rehearsal or stored.marks.demonstration) == rehearsal
        )
        return replace(self, surveys=surveys, offense=offense)

    def by_items(self) -> Iterator[Sources]:
        """The evaluations on the survey that asked the same items, those of most items first.

        Means over other items are other scores, and have other references.
        """
        groups: dict[frozenset[str], list[SurveySource]] = {}
        for source in self.surveys:
            groups.setdefault(frozenset(source.info.inputs.items), []).append(source)
        for items in sorted(groups, key=len, reverse=True):
            yield replace(self, surveys=tuple(groups[items]))

    def culture_names(self) -> dict[str, str]:
        """The name of each culture, by its id."""
        return CultureCatalogue(self.content).names


def _require_drawable(stored: StoredEvaluation) -> None:
    """Raises `SettingsError` for more cultures than a matrix can be drawn of, and scores that no evaluation writes."""
    matrix = stored.scores.specificity
    if matrix is None:
        return
    if len(matrix.cultures) > MOST:
        raise SettingsError(f"{len(matrix.cultures):,} cultures: a matrix of more than {MOST} is not drawn")
    cells = [cell for part in (matrix.matrix, matrix.normalised) for row in part for cell in row if cell is not None]
    if not all(0 <= cell <= 1 + 1e-6 for cell in cells):
        raise SettingsError("scores outside 0 to 1: changed since they were written; repeat the evaluation")


def read_sources(folders: Iterable[Path], workspace: Path | None = None) -> Sources:
    """The evaluations in these folders. A folder that is damaged, unfinished or of a kind without figures is `unread`.

    Raises `ContentError` for damaged content of the workspace.
    """
    content = Content(workspace)
    surveys: list[SurveySource] = []
    offense: list[StoredEvaluation] = []
    unread = []
    for folder in dict.fromkeys(folders):
        try:
            info = read_info(folder)
            if info.get("kind") == SURVEY:
                surveys.append(read_survey(folder, info))
            elif info.get("kind") == OFFENSE:
                stored = read_evaluation(str(folder), OFFENSE)
                _require_drawable(stored)
                offense.append(stored)
            else:
                unread.append(f"{folder}: no figure is made of an evaluation of {str(info.get('kind'))[:40]}")
        except ClcaError as error:
            unread.append(f"{folder}: {error.message}")
    return Sources(tuple(surveys), tuple(offense), tuple(unread), content, load_catalogue(content))
