"""Studies: how far their cells are, and their reports, which are shown as they are and can do nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import Response

from clca.errors import ClcaError, NotFoundError, StoreError
from clca.printable import one_line
from clca.report.blocks import Bar
from clca.report.config import REPORT
from clca.safe_open import MIB, read_bytes
from clca.service.context import Service, service_of
from clca.service.pages.views import Reader, show
from clca.service.routes.runs import Name
from clca.study.result import INFO
from clca.study.status import StudyStatus, study_status

router = APIRouter(include_in_schema=False)
MOST = 20  # studies of a page, those that were worked on last
LARGEST = 64 * MIB  # of a report
COLOURS = {"finished": "kept", "running": "discarded", "failed": "failed", "skipped": "rejected", "waiting": "pending"}
"""The colours of the states of cells, which are those of outcomes."""

REPORT_POLICY = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'"
)


@dataclass(frozen=True, slots=True)
class UnreadableStudy:
    """A study whose files are damaged, or may not be read, and why."""

    name: str
    error: str


@dataclass(slots=True)
class StudyListing:
    """Studies with their cells, those that cannot be read, and how many more there are than a page shows."""

    studies: list[tuple[str, StudyStatus, Bar]] = field(default_factory=list)
    unreadable: list[UnreadableStudy] = field(default_factory=list)
    more: int = 0


@router.get("/studies/{name}")
async def show_study(request: Request, identity: Reader, name: Name) -> Response:
    """A study: its cells, and what they came to."""
    service = service_of(request)
    status = await service.indices.read(lambda: status_of(service, name))
    return show(
        request,
        "study.html.j2",
        name=name,
        status=status,
        bar=cell_bar(status),
        shown=service.shown.line,
        has_report=_file(service, name).is_file(),
        runs=_runs(service, status),
        is_live=status.counts["running"] > 0,
    )


@router.get("/studies/{name}/report")
async def show_study_report(request: Request, identity: Reader, name: Name) -> Response:
    """The report of a study."""
    service = service_of(request)
    if service.plan.of_runs or (service.plan.studies / name).is_symlink():
        raise NotFoundError(f"no study {name}")
    return await _report(service, _file(service, name))


@router.get("/report")
async def show_report(request: Request, identity: Reader) -> Response:
    """The report on the workspace."""
    service = service_of(request)
    if service.plan.of_runs:
        raise NotFoundError("no report is shown here")
    return await _report(service, service.workspace / REPORT)


def studies_of(service: Service) -> StudyListing:
    """The studies that were begun, those that were worked on last first."""
    listing = StudyListing()
    if service.plan.of_runs:
        return listing
    files = [file for file in service.plan.studies.glob(f"*/{INFO}") if not file.parent.is_symlink()]
    for file in sorted(files, key=_changed, reverse=True):
        name = file.parent.name
        if len(listing.studies) == MOST:
            listing.more += 1
            continue
        try:
            status = status_of(service, name)
        except NotFoundError:  # removed in this very moment
            continue
        except ClcaError as error:
            listing.unreadable.append(UnreadableStudy(one_line(name), service.shown.line(error.message)))
        else:
            listing.studies.append((name, status, cell_bar(status)))
    return listing


def _changed(file: Path) -> float:
    try:
        return file.stat().st_mtime
    except OSError:
        return 0.0


def status_of(service: Service, name: str) -> StudyStatus:
    """How far a study is. Raises `NotFoundError`, and `StoreError` where its files are damaged."""
    folder = service.plan.studies / name
    if service.plan.of_runs or folder.is_symlink() or not (folder / INFO).is_file():
        raise NotFoundError(f"no study {name}")
    return study_status(str(folder), service.plan.studies)


def cell_bar(status: StudyStatus) -> Bar:
    """The cells of a study by their state."""
    whole = len(status.cells) or 1
    parts = ((state, status.counts[state] / whole, colour) for state, colour in COLOURS.items())  # type: ignore[index]
    return Bar("cells", tuple(parts))


def _file(service: Service, name: str) -> Path:
    return service.plan.studies / name / REPORT


async def _report(service: Service, file: Path) -> Response:
    def read() -> bytes:
        try:
            return read_bytes(file, within=file.parent, largest=LARGEST)
        except FileNotFoundError:
            raise NotFoundError("there is no report yet: `clca study run` and `clca report` write one") from None
        except OSError as error:
            raise StoreError(f"cannot read the report: {error.strerror or error}") from None

    content = await service.indices.read(read)
    return Response(content, media_type="text/html", headers={"Content-Security-Policy": REPORT_POLICY})


def _runs(service: Service, status: StudyStatus) -> dict[str, list[str]]:
    """The runs that cells made, by the id of the cell."""
    root = service.plan.runs.resolve()
    runs: dict[str, list[str]] = {}
    for cell in status.cells:
        folders = [(service.workspace / folder).resolve() for folder in cell.results]
        own = [folder.relative_to(root).as_posix() for folder in folders if folder.is_relative_to(root)]
        runs[cell.id] = [name for name in own if name.count("/") == 1]
    return runs
