"""The configuration of `clca serve`."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Annotated, ClassVar, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from clca.content.config import Option, StageConfig, split_list
from clca.urls import check_url

WHERE, ACCESS, JOBS, LIMITS = "Where it listens", "Who may do what", "Jobs", "Limits"


def _on_the_command_line(text: str, folder: Path) -> None:
    raise ValueError("a folder's settings may not open the service: give it on the command line")


def _urls(values: tuple[str, ...]) -> tuple[str, ...]:
    for url in values:
        check_url(url)
    return tuple(url.rstrip("/") for url in values)


class ServeConfig(StageConfig):
    """Where the service listens, who may do what, and how much it does at a time."""

    stage: ClassVar[str] = "serve"

    host: Annotated[
        str,
        Field(min_length=1, description="Address to listen on. Any but a loopback address needs tokens (clca tokens)."),
        Option(WHERE, in_file=_on_the_command_line),
    ] = "127.0.0.1"
    port: Annotated[
        int, Field(ge=0, le=65535, description="Port to listen on; 0 for one that is free."), Option(WHERE)
    ] = 8321
    folder: Annotated[
        Path, Field(description="Folder of the service: its jobs, tokens, logs and indices."), Option(WHERE)
    ] = Path("service")
    tls_cert: Annotated[
        Path | None, Field(description="Certificate chain in PEM, to serve HTTPS."), Option(WHERE, metavar="FILE")
    ] = None
    tls_key: Annotated[Path | None, Field(description="Its private key."), Option(WHERE, metavar="FILE")] = None
    require_token: Annotated[
        bool,
        Field(
            description="Ask for a token on a loopback address too: behind a proxy, and on a machine that other users"
            " log in to."
        ),
        Option(ACCESS),
    ] = False
    host_name: Annotated[
        tuple[str, ...],
        BeforeValidator(split_list),
        Field(description="Name by which clients may call a service that asks for no token; repeatable."),
        Option(ACCESS, default="localhost and the loopback addresses", in_file=_on_the_command_line),
    ] = ()
    allow: Annotated[
        tuple[str, ...],
        BeforeValidator(split_list),
        Field(description="Setting that clients may send although it is the server's, as vllm_args; repeatable."),
        Option(ACCESS, metavar="NAME", in_file=_on_the_command_line),
    ] = ()
    allow_url: Annotated[
        tuple[str, ...],
        BeforeValidator(split_list),
        AfterValidator(_urls),
        Field(description="Model server that clients may name in base_url and the like; repeatable."),
        Option(ACCESS, metavar="URL", in_file=_on_the_command_line),
    ] = ()
    gpu_jobs: Annotated[int, Field(ge=0, le=64, description="Most jobs at a time that use the GPU."), Option(JOBS)] = 1
    cpu_jobs: Annotated[int, Field(ge=0, le=256, description="Most other jobs at a time."), Option(JOBS)] = 2
    queue: Annotated[int, Field(ge=1, le=100_000, description="Most jobs that wait."), Option(JOBS)] = 1000
    drain: Annotated[
        float,
        Field(
            ge=0,
            description="Seconds in which running jobs may end by themselves when the service is stopped; those that"
            " do not are stopped, and go on when it starts again.",
        ),
        Option(JOBS),
    ] = 30.0
    rate: Annotated[
        int, Field(ge=0, description="Most requests of a client in a minute; 0 for any number."), Option(LIMITS)
    ] = 1200
    body: Annotated[
        int, Field(ge=1024, le=2**26, description="Most bytes of the body of a request."), Option(LIMITS)
    ] = 2**20
    free: Annotated[
        float,
        Field(ge=0, description="GiB of the disk that must be free for a job to be taken or begun."),
        Option(LIMITS),
    ] = 2.0

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach the service."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    @property
    def needs_token(self) -> bool:
        """Whether a request without a token is refused."""
        return self.require_token or not self.is_loopback

    @model_validator(mode="after")
    def _certificate_has_a_key(self) -> Self:
        if (self.tls_cert is None) != (self.tls_key is None):
            raise ValueError("--tls-cert and --tls-key belong together: give both")
        return self
