"""Caveats that follow from the plan of an evaluation alone, whatever is answered."""

from __future__ import annotations

from collections.abc import Mapping

from clca.content.lookup import Content
from clca.content.wvs_items import SHARES
from clca.evaluation.wvs.config import WvsConfig
from clca.evaluation.wvs.sampling import Sample


def respondent_caveats(samples: Mapping[str, Sample]) -> list[str]:
    """Which cultures, the keys of `samples`, have synthetic respondents."""
    synthetic = [culture for culture, sample in samples.items() if sample.synthetic]
    if not synthetic:
        return []
    return [
        f"Synthetic respondents ({', '.join(synthetic)}): drawn from demographic shares, traits independently,"
        " so that there are no answers of individuals to hit; imported survey data take their place."
    ]


def share_caveats(content: Content, samples: Mapping[str, Sample]) -> list[str]:
    """That cultures, the keys of `samples`, are compared with shares that are not the shipped ones."""
    compared = [culture for culture, sample in samples.items() if sample.survey.source == "shares"]
    if not compared or content.text(SHARES, note=False) == Content().text(SHARES, note=False):
        return []
    return [f"Shares ({', '.join(compared)}): from this workspace's {SHARES}, which is not the shipped file."]


def setting_caveats(config: WvsConfig) -> list[str]:
    """That prompts and reading are the paper's, and that respondents are weighted."""
    caveats = []
    if config.scoring == "paper":
        caveats.append(
            "Scoring paper: asked in the form and read by the rules of CLCA's released evaluation. The words around"
            " its markers, and those of the items, are ours."
        )
    if config.weights:
        caveats.append("Respondents are weighted as in the survey.")
    return caveats
