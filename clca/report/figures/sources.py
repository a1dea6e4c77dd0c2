"""What figures are made of: finished evaluations, read from their folders, and the published numbers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from clca.content.lookup import Content
from clca.errors import ClcaError
from clca.evaluation.prediction_dir import read_info
from clca.evaluation.published.catalogue import PublishedCatalogue, load_catalogue
from clca.evaluation.results import StoredEvaluation, read_evaluation
from clca.evaluation.wvs.persona import load_persona
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

    def culture_names(self) -> dict[str, str]:
        """The name of each culture that the survey knows, by its id."""
        return dict(load_persona(self.content).cultures)


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
                offense.append(read_evaluation(str(folder), OFFENSE))
            else:
                unread.append(f"{folder}: no figure is made of an evaluation of {str(info.get('kind'))[:40]}")
        except ClcaError as error:
            unread.append(f"{folder}: {error.message}")
    return Sources(tuple(surveys), tuple(offense), tuple(unread), content, load_catalogue(content))
