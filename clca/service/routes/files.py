"""`/v1/jobs/<id>/files`: the files of a job's results."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header, Path, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import Field

from clca.records import Record
from clca.service.context import service_of
from clca.service.file_entry import FileEntry
from clca.service.routes.answers import responses
from clca.service.routes.jobs import JobId, Reader
from clca.service.served_file import KINDS, Conditions, list_files, send_file

router = APIRouter(tags=["files"])
Wanted = Annotated[str, Header(max_length=200)]


class FileList(Record):
    """The files of a job, also of one that still runs."""

    files: tuple[FileEntry, ...] = Field(description="By path below the server's workspace.")


@router.get("/v1/jobs/{job_id}/files", responses=responses(404))
async def list_job_files(request: Request, identity: Reader, job_id: JobId) -> FileList:
    """The files of a job's results."""
    service = service_of(request)
    folders = service.jobs.table.get(job_id).folders
    files = await service.indices.read(lambda: list_files(service.workspace, folders))
    return FileList(files=tuple(files))


@router.get(
    "/v1/jobs/{job_id}/files/{path:path}",
    responses={
        200: {"content": {kind: {} for kind in ("application/octet-stream", *KINDS.values())}},
        206: {"description": "A part of the file"},
        304: {"description": "The client has this file"},
        **responses(404, 416),
    },
    response_class=StreamingResponse,
)
async def send_job_file(
    request: Request,
    identity: Reader,
    job_id: JobId,
    path: Annotated[str, Path(max_length=1000, description="As it is listed.")],
    range: Wanted = "",
    if_range: Wanted = "",
    if_none_match: Wanted = "",
) -> Response:
    """A file, or with Range a part of it."""
    service = service_of(request)
    folders = service.jobs.table.get(job_id).folders
    return send_file(service.workspace, folders, path, Conditions(range, if_range, if_none_match))
