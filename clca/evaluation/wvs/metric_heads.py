"""How the metrics of the survey are headed in tables, and what has to be known to read them."""

from __future__ import annotations

from dataclasses import dataclass

UNIFORM = "An item without any valid answer counts as uniform: read it beside the unreadable share."


@dataclass(frozen=True, slots=True)
class MetricHead:
    """How a metric is headed and explained."""

    title: str
    note: str


HEADS: dict[str, MetricHead] = {
    "kl_paper": MetricHead(
        "KL-D",
        "KL(o || softmax(q)) in nats over the options and a bucket of unreadable answers, as the CLCA paper computes"
        " it. It is no distance between the distributions: over all items the survey's own scores about 0.35 and not 0,"
        " giving everyone the majority option scores less than that, and unreadable answers move it as much as values"
        " do.",
    ),
    "accuracy_paper": MetricHead(
        "accuracy",
        "share of respondents whose own answer was given, as the CLCA paper counts: an item that the respondent did"
        " not answer is wrong, and so is an unreadable answer.",
    ),
    "kl": MetricHead(
        "KL",
        "KL(o || q) in nats over valid answers, with 0.0005 added to every share of both; 0 is the survey's own"
        f" distribution. {UNIFORM}",
    ),
    "jsd": MetricHead(
        "Jensen-Shannon distance",
        "square root of the divergence in bits over valid answers, from 0 to 1; 0 is the survey's own distribution."
        f" {UNIFORM}",
    ),
    "wasserstein_1": MetricHead(
        "Wasserstein-1",
        "with the options evenly spaced from 0 to 1, over valid answers; 0 is the survey's own distribution."
        f" {UNIFORM}",
    ),
    "accuracy": MetricHead(
        "accuracy over answered items",
        "share of respondents whose own answer was given, over the items that they answered; unreadable is wrong.",
    ),
    "invalid": MetricHead("unreadable answers", "share of answers that could not be read as an option."),
}
