"""The configuration of `clca generate`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, field_validator, model_validator

from clca.cluster.settings import ClusterAddress, ReplicaCpus, Replicas
from clca.content.config import Option, StageConfig, split_each, split_list, split_names
from clca.generation.config_values import count_or_file, without_duplicates
from clca.generation.rating_filter import least_scores
from clca.generation.roles import REHEARSAL, require_models
from clca.inference.protocol import Form
from clca.models.vllm_arguments import require_plain_text, require_program
from clca.records import Confidence, Label
from clca.urls import check_url

WHAT, TEACHERS, VLLM, PLAY = "What to generate", "Teachers", "A vLLM of its own", "Role-play and filter"


class GenerateConfig(StageConfig):
    """Which dialogues are generated, by which models, on which servers.

    A model without a server's address is served by a vLLM that is started for it. API keys are no part of it: they are
    read from the environment. Where the papers are silent (they sample, and give only top_p), `temperature` is that of
    each model's own generation config (`clca.generation.temperature`).
    """

    stage: ClassVar[str] = "generate"
    short_variables: ClassVar[bool] = True

    culture: Annotated[
        tuple[str, ...],
        BeforeValidator(split_names),
        Field(description="Culture by name, country or ISO code; repeatable; or 'all'."),
        Option(WHAT, short="-c"),
    ] = ()
    guest: Annotated[
        str | None,
        Field(
            description="Culture of the second participant, who meets one of --culture there: each is played, judged"
            " and labelled by their own."
        ),
        Option(WHAT, name="with", metavar="CULTURE", default="that of the first"),
    ] = None
    scenarios: Annotated[
        int | Path | None,
        BeforeValidator(count_or_file),
        Field(description="How many seed scenarios, or a JSONL file of your own."),
        Option(WHAT, metavar="N|FILE", default="all"),
    ] = None
    norms: Annotated[int, Field(ge=0, description="How many more scenarios to write from norms."), Option(WHAT)] = 0
    norm_file: Annotated[
        Path | None,
        Field(description="JSONL file to take the norms of --norms from, such as an imported one."),
        Option(WHAT, default="the norms of the content"),
    ] = None
    samples: Annotated[int, Field(ge=1, le=1000, description="Dialogues per scenario."), Option(WHAT)] = 2
    kept: Annotated[
        int | None,
        Field(
            ge=1,
            le=10_000_000,
            description="Go on until N dialogues of each culture are kept: with more samples, then more scenarios,"
            " then more norms than the options above say, which are where it begins.",
        ),
        Option(WHAT, metavar="N", default="as many as the judge keeps"),
    ] = None
    kept_attempts: Annotated[
        int,
        Field(ge=1, le=1000, description="With --kept: give up after so many times N dialogues."),
        Option(WHAT),
    ] = 5
    adaptation: Annotated[
        Literal["teacher", "code", "none"],
        Field(
            description="Who makes a scenario fit the culture: the teacher, after code has assigned names and swapped"
            " place and things; code alone; or none, for scenarios of your own that fit as they are."
        ),
        Option(WHAT),
    ] = "teacher"
    seed: Annotated[int, Field(ge=0, lt=2**31, description="Seed of every random choice."), Option(WHAT)] = 42
    out: Annotated[Path, Field(description="Folder of the runs."), Option(WHAT)] = Path("generated")
    new: Annotated[bool, Field(description="Start a new run even if this one exists."), Option(WHAT)] = False
    teacher: Annotated[
        str,
        Field(
            description="Model that plays the first participant, labels intents, and localises: an alias (clca models"
            " list), a hub id or a local folder. Without --base-url it is served here."
        ),
        Option(TEACHERS),
    ] = REHEARSAL
    partner: Annotated[
        str | None,
        Field(description="Model that plays the second participant."),
        Option(TEACHERS, default="the teacher"),
    ] = None
    judge: Annotated[str | None, Field(description="Model that judges."), Option(TEACHERS, default="the teacher")] = (
        None
    )
    localiser: Annotated[
        str | None,
        Field(description="Model that makes scenarios fit the culture, and writes new ones from norms."),
        Option(TEACHERS, default="the teacher"),
    ] = None
    base_url: Annotated[
        tuple[str, ...],
        BeforeValidator(split_list),
        AfterValidator(without_duplicates),
        Field(description="OpenAI-compatible server of the teacher; repeatable for replicas."),
        Option(TEACHERS),
    ] = ()
    partner_base_url: Annotated[
        str | None, Field(description="Server of the partner, if it differs."), Option(TEACHERS)
    ] = None
    judge_base_url: Annotated[
        str | None, Field(description="Server of the judge, if it differs."), Option(TEACHERS)
    ] = None
    localiser_base_url: Annotated[
        str | None, Field(description="Server of the localiser, if it differs."), Option(TEACHERS)
    ] = None
    concurrency: Annotated[int, Field(ge=1, le=100_000, description="Most requests in flight."), Option(TEACHERS)] = 64
    timeout: Annotated[
        float,
        Field(
            gt=0,
            description="Seconds after which a request times out; at least 1800 on a vLLM that is started on the CPU.",
        ),
        Option(TEACHERS),
    ] = 120.0
    max_http_attempts: Annotated[
        int,
        Field(ge=1, le=50, description="Most times that a request is sent while the server fails."),
        Option(TEACHERS, aliases=("tries",)),
    ] = 5
    max_reply_attempts: Annotated[
        int,
        Field(ge=1, le=20, description="Most times that an answer is requested while replies are invalid."),
        Option(TEACHERS, aliases=("asks",)),
    ] = 3
    cluster: ClusterAddress = None
    replicas: Replicas = None
    replica_cpus: ReplicaCpus = None
    quantization: Annotated[
        Literal["fp8"] | None,
        Field(
            description="Quantise the weights. For a server that runs already it is only recorded: it changes"
            " what the model writes."
        ),
        Option(VLLM, default="as published"),
    ] = None
    vllm: Annotated[
        str | None,
        Field(description="The vllm command, if it is not on the PATH."),
        Option(path=True, hidden=True, in_file=require_program),
    ] = None
    vllm_args: Annotated[
        str,
        Field(description="More arguments for vllm serve, in one string."),
        Option(VLLM, metavar="ARGS", in_file=require_plain_text),
    ] = ""
    start_timeout: Annotated[
        float, Field(gt=0, description="Seconds to wait until the server answers, download included."), Option(VLLM)
    ] = 3600.0
    max_exchanges: Annotated[
        int,
        Field(ge=1, le=100, description="Most exchanges (two turns each) of a dialogue."),
        Option(PLAY, aliases=("exchanges",)),
    ] = 10
    turn_format: Annotated[
        Form,
        Field(description="Form of the role-play's replies: JSON, or plain text for models that JSON harms."),
        Option(PLAY),
    ] = "json"
    thought: Annotated[
        bool,
        Field(
            description="Ask for a thought before each turn in JSON, which is recorded but shown to nobody;"
            " --no-thought asks for none."
        ),
        Option(PLAY),
    ] = True
    partner_background: Annotated[
        bool,
        Field(description="Show each side the other's background, as CLCA's code does; no better in a trial."),
        Option(PLAY),
    ] = False
    leave_rule: Annotated[
        bool,
        Field(description="Tell each to leave once its goal is reached, as CLCA's code does; no better in a trial."),
        Option(PLAY),
    ] = False
    temperature: Annotated[
        float | None,
        Field(ge=0, le=2, description="Sampling temperature of the role-play."),
        Option(PLAY, default="that of each model's own generation config, 1 where none is known"),
    ] = None
    top_p: Annotated[float, Field(gt=0, le=1, description="Nucleus sampling of the role-play."), Option(PLAY)] = 0.7
    keep_requests: Annotated[
        bool,
        Field(
            description="Write every request and its raw reply to requests.jsonl in the run's folder, for clca inspect"
            " --replay; about 5 KB each."
        ),
        Option(PLAY),
    ] = False
    discard: Annotated[
        tuple[Label, ...],
        BeforeValidator(split_each),
        Field(description="Which of the verdicts quality, meta and alignment discard a dialogue."),
        Option(PLAY, metavar="LABELS"),
    ] = ("quality", "meta")
    discard_confidence: Annotated[
        Confidence, Field(description="Least confidence at which a verdict discards a dialogue."), Option(PLAY)
    ] = "very confident"

    rate: Annotated[
        bool,
        Field(
            description="Have the judge also rate each dialogue from 0 to 10: both goals, believability, relationship,"
            " secrets, social rules (SOTOPIA's dimensions)."
        ),
        Option(PLAY),
    ] = False
    rate_least: Annotated[
        tuple[str, ...],
        BeforeValidator(split_each),
        Field(description="With --rate: discard what is rated lower, such as believability=5; repeatable."),
        Option(PLAY, metavar="NAME=N"),
    ] = ()
    calibrate: Annotated[
        bool,
        Field(
            description="First show the judge a handful of prepared dialogues and say what it finds; a judge is asked"
            " once for its prompts."
        ),
        Option(PLAY),
    ] = True

    @field_validator("base_url", "partner_base_url", "judge_base_url", "localiser_base_url")
    @classmethod
    def _is_url(cls, value: Any) -> Any:
        for url in (value,) if isinstance(value, str) else value or ():
            check_url(url)
        return value

    @field_validator("rate_least")
    @classmethod
    def _are_ratings(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(f"{name}={score}" for name, score in sorted(least_scores(value).items()))

    @model_validator(mode="after")
    def _least_ratings_are_asked_for(self) -> Self:
        if self.rate_least and not self.rate:
            raise ValueError("--rate-least needs ratings: add --rate")
        return self

    @field_validator("teacher", "partner", "judge", "localiser")
    @classmethod
    def _is_name(cls, value: str | None) -> str | None:
        if value is not None and (not value.strip() or not value.isprintable()):
            raise ValueError(f"not a name: {value!a}")
        return value

    @field_validator("scenarios")
    @classmethod
    def _is_positive(cls, value: Any) -> Any:
        if isinstance(value, int) and value < 1:
            raise ValueError("needs at least 1")
        return value

    @model_validator(mode="after")
    def _norm_file_is_used(self) -> Self:
        if self.norm_file is not None and not self.norms:
            raise ValueError("--norm-file needs the number of scenarios to write from it: add --norms N")
        return self

    @model_validator(mode="after")
    def _servers_have_models(self) -> Self:
        require_models(self)
        return self
