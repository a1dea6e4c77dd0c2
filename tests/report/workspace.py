"""A workspace with a result of every kind that a report shows, some of it hostile, made without a model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from clca.evaluation.bootstrap import Estimate
from clca.evaluation.table import Cell, Row, Table
from clca.evaluation.table_formats import csv_text, markdown
from clca.evaluation.wvs.scores import BaselineScores, ItemScore, MethodScores, WvsEstimates, WvsScores
from clca.records import Alignment, Dialogue, Judgement, Meta, Method, Quality
from clca.study.result import CellEntry, CellRecord, StudyInfo
from clca.study.tables.numbers import NumberColumn, NumberTable, NumberTest, StudyNumber, StudyNumbers
from tests.quality.runs import talk
from tests.report.lineage.workspaces import adapter_folder, evaluation_folder, run_folder

HOSTILE = (
    "<script>alert('script')</script>",
    "</script><script>alert('closed')</script>",
    '"><img src="http://127.0.0.1:9/x.png" onerror="alert(\'image\')">',
    "<svg onload=alert('svg')><a href='javascript:alert(1)'>javascript:alert(2)</a>",
    "</style><style>body{display:none!important;background:url(http://127.0.0.1:9/css)}</style>",
    "\u202eevil\u2066 \x1b[31mred\x07 zero\u200bwidth",
    "{{ 7 * 7 }} {% raw %} ${7*7} <!-- comment -->",
    "<iframe src='http://127.0.0.1:9/'></iframe><base href='http://127.0.0.1:9/'><meta http-equiv=refresh content=0>",
)
JUDGEMENT = Judgement(
    quality=Quality(label="bad", confidence="very confident", rationale=HOSTILE[0]),
    alignment=Alignment(label="yes", confidence="confident", rationale="It fits."),
    meta=Meta(label="bad", confidence="very confident", critique=HOSTILE[1]),
)
PERSONA, ADAPTED, PUBLISHED = "a-student", "a-student adapted (recipe clca, mix clca)", "a-student, published"
PEOPLE = (0.6, 0.3, 0.1, 0.0)
PERSONA_SHARES, ADAPTED_SHARES = (0.2, 0.3, 0.4, 0.0, 0.1), (0.5, 0.3, 0.2, 0.0, 0.0)  # the last cannot be read


def make_workspace(base: Path) -> Path:
    """Fill the folder with results; returns it."""
    run = run_folder(base, talks=[hostile_talk(number) for number in range(6)], rehearsed=True)
    discarded = [hostile_talk(number, verdict="discarded", judgement=JUDGEMENT) for number in range(20, 23)]
    write_lines(run / "discarded.jsonl", discarded)
    adapter = adapter_folder(base, [run], train={**SPLIT, "rows": {"dialogue": 9, "intent": 4}})
    survey = evaluation_folder(base, adapter, rehearsal=True, cultures=["japan"], taught={"japan": HOSTILE[2]})
    write_tables(survey, "table", survey_table("kl_paper", "KL-D ↓ (paper-compatible)"), survey_table("jsd", "JSD ↓"))
    (survey / "scores.json").write_text(json.dumps(scores()))
    offense = evaluation_folder(base, adapter, "offense/a-student-2", cultures=["germany", "turkey"])
    write_tables(offense, "table", offense_table())
    audit(base / "audits" / "one", run)
    statistics(base / "quality", run)
    map_of_dialogues(base / "maps" / "one", run)
    other = evaluation_folder(base, adapter, "wvs/a-student-japan-43", rehearsal=True, cultures=["japan"])
    write_tables(other, "table", survey_table("kl_paper", "KL-D ↓ (paper-compatible)"))
    study(base / "studies" / "small", run, survey, other)
    return base


SPLIT: dict[str, Any] = {"rows": {}, "tokens": {}, "trained": {}, "cut": {}, "dropped": {}, "sha256": "0"}


def hostile_talk(number: int, **changes: Any) -> Dialogue:
    """A dialogue whose texts attack the page that shows them."""
    intents = tuple(f"Ana wants {text}" for text in HOSTILE[:2])
    scene = {"setting": f"A garden. {HOSTILE[number % len(HOSTILE)]}"}
    return talk(number, HOSTILE, intents=intents, scenario=scene, reason=changes.pop("reason", HOSTILE[3]), **changes)


def write_lines(file: Path, dialogues: list[Dialogue]) -> None:
    file.write_text("".join(dialogue.model_dump_json() + "\n" for dialogue in dialogues), encoding="utf-8")


def write_tables(folder: Path, name: str, *tables: Table) -> None:
    """The tables as an evaluation writes them."""
    (folder / f"{name}.md").write_text(markdown(tables), encoding="utf-8")
    (folder / f"{name}.csv").write_text(csv_text(tables), encoding="utf-8")


def survey_table(metric: str, title: str) -> Table:
    rows = (
        Row(PERSONA, "ours", (Cell(0.5123, 0.4, 0.6), Cell(0.5, 0.4, 0.6))),
        Row(ADAPTED, "ours", (Cell(0.25, 0.2, 0.3), Cell(0.24, 0.2, 0.3)), change=0.26),
        Row(PUBLISHED, "published", (Cell(0.5772), None)),
        Row("people, split half", "reference", (Cell(0.3648, 0.3598, 0.3695), None)),
    )
    notes = ("KL(o || q) in nats.", f"REHEARSAL (the student is tiny): {HOSTILE[0]}")
    return Table(metric, title, ("Japan", "average"), rows, notes)


def offense_table() -> Table:
    rows = (
        Row("base", "ours", (Cell(0.4317, 0.2669, 0.6385), None), group="without an adapter"),
        Row(f"=cmd|' /C calc'!A0 {HOSTILE[2]}", "ours", (Cell(0.5), Cell(-0.25)), group=HOSTILE[0]),
    )
    return Table("f1", "Macro-F1, %", ("deu", "t*u|r"), rows, ("Asked: 48 texts.",), corner="answers")


def scores() -> dict[str, Any]:
    """What `scores.json` of the survey holds: two items of Japan by two methods, and what they are read against."""

    def estimates(value: float, jsd: float = 0.3) -> WvsEstimates:
        interval = Estimate(value=value, low=value - 0.1, high=value + 0.1)
        return WvsEstimates(kl_paper=interval, jsd=Estimate(value=jsd))

    def result(method: Method, predicted: tuple[float, ...], value: float, jsd: float) -> MethodScores:
        common = {"topic": "importance in life", "survey": PEOPLE, "predicted": predicted, "mass": None}
        items = tuple(ItemScore(item=item, figures=estimates(value, jsd), **common) for item in ("Q1", "Q2"))
        overall = {"overall": estimates(value, jsd), "topics": {}, "left_out": (), "unread": (), "mass": None}
        return MethodScores(culture="japan", method=method, order="given", respondents=2, items=items, **overall)

    people = BaselineScores(
        culture="japan",
        survey="shares",
        respondents=1353,
        simulated=True,
        uniform=estimates(0.51),
        majority=estimates(0.32),
        split_half=estimates(0.36),
    )
    results = (result("persona", PERSONA_SHARES, 0.5, 0.31), result("clca", ADAPTED_SHARES, 0.25, 0.07))
    whole = WvsScores(
        seed=5,
        resamples=10,
        level=0.95,
        smoothing=0.0005,
        results=results,
        averages=(),
        references={"japan": people},
        sensitivity=(),
    )
    return whole.model_dump(mode="json")


def audit(folder: Path, run: Path) -> None:
    folder.mkdir(parents=True)
    fields = {"runs": [str(run)], "judge": "a-judge", "rehearsal": False, "caveats": [HOSTILE[1]], "seed": 3}
    (folder / "audit.json").write_text(json.dumps(fields))
    rows = (Row("repetition", "ours", (Cell(6), Cell(1.0, 0.61, 1.0))),)
    write_tables(folder, "table", Table("found", "What a-judge finds", ("shown", "found"), rows, (), "dialogues"))


def statistics(folder: Path, run: Path) -> None:
    folder.mkdir(parents=True)
    estimate = {"value": 0.25, "low": 0.2, "high": 0.3}
    group = {
        "side": "first",
        "culture": "japan",
        "dialogues": 6,
        "scenarios": 6,
        "measures": {"turns": {"value": 8.0, "low": 7.0, "high": 9.0}, "women": estimate},
        "diversity": {"distinct_1": estimate},
        "endings": {"leave": 6},
        "actions": {"speak": 48},
    }
    fields = {
        "runs": [{"run": str(run), "teacher": "a-teacher"}],
        "groups": [group],
        "block": 5,
        "rehearsal": True,
        "differences": [],
        "near_duplicates": {"threshold": 0.6, "clusters": 1, "repeats": {"first": 2}},
        "contamination": {"dialogues": 0, "references": [{"name": "wvs"}], "by_evaluation": {}},
        "caveats": [],
    }
    (folder / "stats.json").write_text(json.dumps(fields))


def map_of_dialogues(folder: Path, run: Path) -> None:
    """A map whose picture attacks the page."""
    folder.mkdir(parents=True)
    (folder / "dialogues.svg").write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 90 60" width="90" height="60" onload="alert(1)">'
        "<script>alert('map')</script><style>*{display:none}</style><foreignObject><iframe src='http://127.0.0.1:9/'/>"
        "</foreignObject><image href='http://127.0.0.1:9/x.png'/><path d='M0 0 L90 60' stroke='#000000'/>"
        "<image width='1' height='1' href='data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwC"
        "AAAAC0lEQVR4nGNgYAAAAAMAASsJTYQAAAAASUVORK5CYII='/></svg>"
    )
    scores = {"silhouette": 0.12, "purity": 0.8, "chance": 0.5, "p": 0.001, "shares": {"japan": {"japan": 0.8}}}
    layout = {"method": "umap", "settings": {}, "silhouette": 0.3}
    part = {
        "source": "dialogues",
        "read": {"japan": 6},
        "taken": 6,
        "separability": scores,
        "projections": [layout],
        "pictures": ["dialogues.pdf", "dialogues.svg"],
    }
    fields = {
        "map": str(folder),
        "embedder": "use",
        "cultures": {"japan": "Japan"},
        "sources": [part],
        "rehearsal": True,
        "seed": 11,
        "caveats": [],
        "runs": [str(run)],
    }
    (folder / "map.json").write_text(json.dumps(fields))


def study(folder: Path, run: Path, survey: Path, other: Path) -> None:
    """A study of four cells, one of which failed, with a table over two seeds."""
    made = {"dialogues.japan": ("generate", run, "finished"), "survey.42": ("eval-wvs", survey, "finished")}
    made |= {"survey.43": ("eval-wvs", other, "finished"), "survey.44": ("eval-wvs", None, "failed")}
    entries, records = [], []
    for id, (command, result, state) in made.items():
        stage = id.partition(".")[0]
        entry = CellEntry(id=id, stage=stage, run=command, axes={"seed": 42}, needs=())
        entries.append(entry)
        results = (result,) if result is not None else ()
        error = "" if state == "finished" else f"out of memory {HOSTILE[0]}"
        records.append(CellRecord(**dict(entry), state=state, results=results, error=error))
    info = StudyInfo(
        study="small",
        title=f"A small study {HOSTILE[2]}",
        file="small.yaml",
        digest="0" * 64,
        matrix={"seed": (42, 43, 44)},
        cells=tuple(entries),
        versions={},
        created="2026",
        updated="2026",
    )
    (folder / "cells").mkdir(parents=True)
    (folder / "study.json").write_text(info.model_dump_json())
    for record in records:
        (folder / "cells" / f"{record.id}.json").write_text(record.model_dump_json())
    test = NumberTest(
        against="a-student", difference=-0.25, low=-0.3, high=-0.2, sd=0.01, seeds=2, p=0.0004, p_holm=0.02
    )
    numbers = (
        StudyNumber(row="a-student", column="Japan", metric="kl", cells=("survey.42",), results=(survey,), mean=0.5),
        StudyNumber(
            row="CLCA",
            column="Japan",
            metric="kl",
            cells=("survey.42", "survey.43", "survey.44"),
            cells_by_seed={"42": ("survey.42",), "43": ("survey.43",)},
            results=(survey, other),
            missing=("survey.44",),
            values={"42": 0.24, "43": 0.26},
            mean=0.25,
            sd=0.0141,
            low=0.2,
            high=0.3,
            published=0.27,
            differing=("respondents 2, published 1000",),
            test=test,
        ),
    )
    table = NumberTable(
        id="main",
        title="KL-D",
        published="cultures",
        corner="System",
        numbers=numbers,
        columns=(NumberColumn(label="Japan", places=3),),
    )
    written = StudyNumbers(
        study="small",
        title="A small study",
        rehearsal=True,
        demonstration=False,
        resamples=10,
        level=0.95,
        tables=(table,),
    )
    (folder / "numbers.json").write_text(written.model_dump_json())
