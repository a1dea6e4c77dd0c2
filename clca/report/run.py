"""The making of a report: sections, provenance, what changed, and one HTML file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import clca
from clca.printable import one_line
from clca.progress import Note, Progress, ProgressCallback, ignore
from clca.report.blocks import SampledDialogue, Section, figures_of, tables_of
from clca.report.embedded_data import ReportData, compare, numbers_of
from clca.report.lineage.context import Folders, shown_path
from clca.report.plan import ReportPlan
from clca.report.provenance import Provenance, read_provenance
from clca.report.render import render
from clca.report.result import ReportResult
from clca.report.sections.audits import audits_section
from clca.report.sections.changes import changes_section
from clca.report.sections.cultures import cultures_section
from clca.report.sections.dialogues import dialogues_section
from clca.report.sections.evaluations import SUITES, evaluation_section
from clca.report.sections.funnel import funnel_section, marks_of
from clca.report.sections.items import item_blocks
from clca.report.sections.maps import maps_section
from clca.report.sections.pictures import CodesOf, Pictures, draw_pictures
from clca.report.sections.quality import quality_section
from clca.report.sections.studies import studies_section
from clca.report.sections.values import counts, text
from clca.report.shown_content import CULTURES, PUBLISHED, shown_content
from clca.report.sources import ReportInputs, Source
from clca.storage.atomic import encoded
from clca.storage.output_files import write_output
from clca.storage.provenance import now

STEPS = 5


def run(plan: ReportPlan, progress: ProgressCallback = ignore) -> ReportResult:
    """Write the report.

    Raises `ContentError` for broken content of the workspace, `StoreError` where the file cannot be written or is none
    that clca wrote.
    """
    config, inputs = plan.config, plan.inputs
    progress(Note(f"Reading {len(inputs.sources):,} results."))
    folders = Folders(
        base=plan.base,
        generated=config.generated,
        adapters=config.adapters,
        evaluations=config.evaluations,
        audits=config.audits,
        studies=config.studies,
        maps=config.maps,
    )
    workspace = plan.content.workspace
    provenance = read_provenance(inputs, folders, workspace, shown_content(inputs, workspace))
    if plan.former is not None and plan.former_file is not None:
        provenance.add_former(plan.former_file, plan.former)
    progress(Progress(1, STEPS, "steps"))
    pictures = draw_pictures(inputs, workspace, _codes_of(plan, provenance), provenance.content.get(PUBLISHED, ()))
    progress(Progress(2, STEPS, "steps"))
    sections = list(_sections(plan, provenance, pictures))
    progress(Progress(3, STEPS, "steps"))
    tables = [table for section in sections for table in tables_of(section.blocks)]
    data = ReportData(
        made=now(),
        clca=clca.__version__,
        sources={source.name: _version(source) for source in inputs.sources},
        numbers=numbers_of(tables),
    )
    changed = 0
    if plan.former is not None and plan.former_file is not None:
        changes = compare(plan.former, data)
        changed = len(changes.numbers)
        sections.append(changes_section(changes, plan.former, str(plan.former_file), tables, provenance.former))
    marks, notes = marks_of(inputs.sources), (*_notes(inputs), *pictures.notes)
    html = render(plan.title, sections, provenance, inputs, data, _glance(inputs), marks, notes)
    progress(Progress(4, STEPS, "steps"))
    page = encoded(html)
    write_output(plan.out.parent, {plan.out.name: page})
    files = 0
    if config.figures is not None:
        from clca.report.figure_files import write_figures  # needs numpy, which a report without figures does not

        folders_of = [evaluation.folder for evaluation in inputs.evaluations("wvs", "offense")]
        published = config.study is None or any(study.data.get("reproduces") for study in inputs.of("study"))
        files = write_figures(config.figures, folders_of, plan.content, published=published)
    progress(Progress(STEPS, STEPS, "steps"))
    return ReportResult(
        file=plan.out,
        bytes=len(page),
        title=plan.title,
        sections=tuple(section.title for section in sections),
        sources={source.code: source.name for source in inputs.sources},
        tables=sum(1 for section in sections for _ in tables_of(section.blocks)),
        figures=sum(1 for section in sections for _ in figures_of(section.blocks)),
        numbers=sum(len(columns) for rows in data.numbers.values() for columns in rows.values()),
        figures_folder=config.figures,
        figures_written=files,
        dialogues=sum(isinstance(block, SampledDialogue) for section in sections for block in section.blocks),
        unfinished=tuple(inputs.unfinished),
        unreadable={name: one_line(why) for name, why in inputs.unreadable.items()},
        against=plan.former_file,
        changed=changed,
        marks=marks,
        caveats=notes,
    )


def _codes_of(plan: ReportPlan, provenance: Provenance) -> CodesOf:
    """The codes of results by their folders."""
    return lambda folders: provenance.codes([shown_path(folder, plan.base) for folder in folders])


def _sections(plan: ReportPlan, provenance: Provenance, pictures: Pictures) -> Iterator[Section]:
    inputs, content = plan.inputs, plan.content
    more = {"wvs": [*pictures.survey, *item_blocks(inputs, content)], "offense": pictures.matrices}
    made = (
        studies_section(inputs, _codes_of(plan, provenance), provenance.content.get(PUBLISHED, ())),
        funnel_section(inputs),
        cultures_section(inputs, content, provenance.content.get(CULTURES, ()), pictures.maps),
        dialogues_section(inputs, plan.config.dialogues, plan.config.seed),
        audits_section(inputs),
        quality_section(inputs),
        maps_section(inputs),
        *(evaluation_section(inputs, suite, provenance, content, more.get(suite, ())) for suite in SUITES),
    )
    yield from (section for section in made if section is not None)


def _version(source: Source) -> str:
    """What tells whether a result was made again: its fingerprint, or when it was made."""
    return text(source.data.get("fingerprint")) or text(source.data.get("updated")) or text(source.data.get("created"))


def _glance(inputs: ReportInputs) -> Sequence[tuple[str, str]]:
    """The numbers at the head of the report."""
    runs = inputs.of("run")
    asked, kept = (sum(counts(run.data.get("counts")).get(key, 0) for run in runs) for key in ("requested", "kept"))
    numbers = [
        ("studies", len(inputs.of("study"))),
        ("runs", len(runs)),
        ("adapters", len(inputs.of("adapter"))),
        ("evaluations", len(inputs.of("evaluation"))),
        ("audits", len(inputs.of("audit"))),
        ("maps", len(inputs.of("map"))),
    ]
    shown = [(label, f"{number:,}") for label, number in numbers if number]
    return [*shown, *([("dialogues kept", f"{kept:,} of {asked:,}")] if runs else [])]


def _notes(inputs: ReportInputs) -> Iterator[str]:
    """What a reader must know of what the report lacks."""
    if not inputs.of("statistics"):
        yield "No statistics of dialogues: `clca stats RUN --report DIR` makes some."
    if not inputs.of("audit"):
        yield "No audit of the judge: `clca audit-judge RUN` makes one."
