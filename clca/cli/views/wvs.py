"""Evaluations at work on the screen: warnings, progress, tables."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

from clca.cli.views.evaluation import beginning, pace, prepare_here, show_end, show_tables
from clca.cli.views.progress import Bar
from clca.cli.views.screen import make_console
from clca.evaluation.wvs.answering import WvsProgress
from clca.evaluation.wvs.config import WvsConfig
from clca.evaluation.wvs.metric_names import METRICS
from clca.evaluation.wvs.plan import WvsPlan, prepare
from clca.evaluation.wvs.run import WvsResult, has_template, stop_facts
from clca.evaluation.wvs.run import evaluate as evaluate_poll
from clca.evaluation.wvs.scores import WvsEstimates

SHOWN = ("kl_paper", "accuracy_paper", "kl", "invalid")  # the other metrics stand in the files
KL_SHOWN = 6  # cultures and methods in the progress line


def evaluate(asked: WvsConfig, *, quiet: bool, as_json: bool) -> None:
    """Ask, score, and show the table of the paper."""
    screen = make_console(stderr=True, quiet=quiet)
    poll = prepare_here(partial(prepare, asked, template=has_template))
    with Bar(screen) as bar:
        done = evaluate_poll(
            poll,
            lambda said: bar.show(line(said), said.sheets, said.of),
            lambda: bar.begin(beginning(poll.subject, asked.base_url)),
        )
    if as_json:
        print(json.dumps(summary(poll, done), ensure_ascii=False), flush=True)
    elif not quiet:
        show_tables([table for table in done.tables if table.metric in SHOWN])
    show_end(screen, done, "all metrics are there")


def summary(poll: WvsPlan, done: WvsResult) -> dict[str, Any]:
    """What `--json` prints: per culture and method each metric with its interval, and the references.

    A method's own numbers are those of the first order of the options; further orders stand below `orders`.
    """
    cultures: dict[str, Any] = {}
    for one in done.scores.results:
        methods = cultures.setdefault(one.culture, {"methods": {}, "references": {}})["methods"]
        facts = {"respondents": one.respondents, "mass": one.mass, **_figures(one.overall)}
        if one.method not in methods:
            methods[one.method] = {"order": one.order, **facts}
        else:
            methods[one.method].setdefault("orders", {})[one.order] = facts
    for culture, references in done.scores.references.items():
        cultures[culture]["references"] = {
            "uniform": _figures(references.uniform),
            "majority": _figures(references.majority),
            "split_half": {**_figures(references.split_half), "simulated": references.simulated},
        }
    order = done.scores.results[0].order
    return {
        "evaluation": str(done.folder),
        "student": poll.subject.name,
        "rehearsal": bool(poll.subject.because),
        "synthetic": poll.synthetic,
        "mode": poll.mode,
        "format": poll.layout,
        "cultures": cultures,
        "averages": {one.method: _figures(one.overall) for one in done.scores.averages if one.order == order},
        "sensitivity": [one.model_dump(mode="json") for one in done.scores.sensitivity],
        "stopped": [stop_facts(one) for one in done.stops],
        "caveats": list(done.caveats),
        "asked": done.asked,
        "seconds": round(done.seconds, 3),
    }


def _figures(figures: WvsEstimates) -> dict[str, Any]:
    said = figures.model_dump(mode="json")
    return {metric: said[metric] for metric in METRICS}


def line(said: WvsProgress) -> str:
    """Where it stands, the pace, and the running kl of what is under way."""
    parts = [f"sheet {said.sheets:,}/{said.of:,}"]
    parts += pace(said.prompts, said.prompts_left, said.seconds, "prompts")
    for (culture, method), value in list(said.kl.items())[-KL_SHOWN:]:
        parts.append(f"{culture} {method} kl {value:.3f}")
    return " · ".join(parts)


def show_plan(asked: WvsConfig, *, as_json: bool) -> None:
    from clca.cli.views import wvs_plan

    wvs_plan.show_plan(prepare_here(partial(prepare, asked, template=has_template, elsewhere=True)), as_json=as_json)
