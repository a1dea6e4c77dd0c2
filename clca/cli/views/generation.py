"""Generation on the screen: progress, notes, the balance of each run, and the JSON object."""

from __future__ import annotations

from pathlib import Path
from time import monotonic
from types import TracebackType

from rich.console import Console
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table

from clca.cli.views.progress import LINE_EVERY, Waiting, rate
from clca.cli.views.screen import make_console, print_json, styled
from clca.cli.views.training_plan import duration
from clca.cli.views.wrapping import command
from clca.errors import ClcaError
from clca.generation.kept_target import KeptTarget
from clca.generation.plan import GenerationPlan
from clca.generation.progress import GenerationProgress, RunEnded, ServerStarting
from clca.generation.result import Counts, GenerationResult, RunResult
from clca.generation.run import run
from clca.inference.server_state import Throughput
from clca.printable import one_line
from clca.progress import Note, Progress
from clca.shell import command_line

OK, SOME_FAILED, TOO_FEW_KEPT = 0, 3, 4


def generate(plan: GenerationPlan, *, quiet: bool, as_json: bool) -> int:
    """Run a plan with progress on stderr; returns the exit code. Errors are raised when all is shown."""
    screen = make_console(stderr=True, quiet=quiet)
    view = GenerationView(screen)
    lost = False
    try:
        with view:
            run(plan, view)
    except ClcaError:
        lost = True
        raise
    finally:
        if view.ended:
            result = _with_untouched(plan, view.ended)
            if result.requests and not lost:
                for caveat in result.caveats:
                    screen.print(caveat, style="yellow")
            if as_json:
                print_json(result.json_object())
    if any(result.is_short for result in view.ended):
        return TOO_FEW_KEPT
    return SOME_FAILED if any(result.failed for result in view.ended) else OK


def _with_untouched(plan: GenerationPlan, ended: list[RunResult]) -> GenerationResult:
    """The runs that the command worked on, and those it did not come to."""
    untouched = [RunResult.untouched(run.folder, run.requested, run.config.kept) for run in plan.runs[len(ended) :]]
    return GenerationResult.of(plan.config.out, [*ended, *untouched], simulated=plan.simulated)


class GenerationView:
    """A progress callback: call it with the events of a run, within a `with` block. `ended` are the runs so far."""

    def __init__(self, screen: Console) -> None:
        self.ended: list[RunResult] = []
        self._screen = screen
        self._progress: GenerationProgress | None = None
        self._live: Live | None = None
        self._waiting: Waiting | None = None
        self._line_shown = 0.0

    def __enter__(self) -> GenerationView:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def __call__(self, event: Progress | Note) -> None:
        match event:
            case ServerStarting():
                if self._waiting is None:
                    self._waiting = Waiting(self._screen).__enter__()
                self._waiting.show(event.text)
            case Note():
                self._end_waiting()
                self._screen.print(one_line(event.text))
            case GenerationProgress():
                self._show(event)
            case RunEnded():
                self._close()
                self.ended.append(event.result)
                show_summary(event.result, self._screen)

    def _show(self, event: GenerationProgress) -> None:
        first, self._progress = self._progress is None, event
        if self._screen.quiet:
            return
        if not self._screen.is_terminal:
            now = monotonic()
            if not first and now - self._line_shown >= LINE_EVERY:
                self._screen.print(progress_line(event))
            if first or now - self._line_shown >= LINE_EVERY:
                self._line_shown = now
        elif self._live is None:
            self._live = Live(get_renderable=self._bar, console=self._screen, refresh_per_second=4, transient=True)
            self._live.start()

    def _bar(self) -> Table:
        table = Table.grid(padding=(0, 1))
        if self._progress is not None:
            bar = ProgressBar(total=max(1, self._progress.total), completed=self._progress.done, width=30)
            table.add_row(bar, progress_line(self._progress))
        return table

    def _end_waiting(self) -> None:
        if self._waiting is not None:
            self._waiting.__exit__(None, None, None)
            self._waiting = None

    def _close(self) -> None:
        self._end_waiting()
        if self._live is not None:
            self._live.stop()
            self._live = None
        self._progress = None


def progress_line(progress: GenerationProgress) -> str:
    """The funnel and the pace of a run."""
    target = progress.target
    parts = [f"{progress.culture} {progress.done:,}/{progress.total:,}", f"kept {progress.kept:,}"]
    if target is not None:
        parts = [f"{progress.culture} kept {progress.done:,}/{progress.total:,}", _played(progress, target)]
    parts += [
        f"discarded {progress.discarded:,}",
        f"failed {progress.failed:,}",
        f"under way {progress.under_way:,}",
        f"asking {progress.in_flight:,}",
        rate(progress.requests_per_second, "requests"),
        rate(progress.tokens_per_second, "tokens"),
    ]
    if progress.seconds_left:
        parts.append(f"about {duration(progress.seconds_left)} left")
    vllm = progress.throughput
    if vllm is not None:
        parts.append(f"vLLM {rate(vllm.pace, 'tokens')}, {vllm.running:,} running, {vllm.waiting:,} waiting")
        parts.append(_cache_share(vllm))
    if progress.servers_down:
        parts.append(f"down: {', '.join(progress.servers_down)}")
    if progress.cached:
        parts.append(f"{progress.cached:,} from the reply cache")
    return " · ".join(parts)


def _played(progress: GenerationProgress, target: KeptTarget) -> str:
    """How many dialogues of a run with a target were played, and about how many more it takes."""
    played = progress.played
    if progress.dialogues_left is None:
        return f"played {played:,} of at most {target.most:,}"
    bound = f", beyond the bound of {target.most:,}" if played + progress.dialogues_left > target.most else ""
    return f"played {played:,}, about {progress.dialogues_left:,} more{bound}"


def show_summary(result: RunResult, screen: Console) -> None:
    """The whole balance: requested = kept + discarded + failed + pending, with the reasons."""
    if screen.quiet:
        return
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    table.add_column(justify="right")
    table.add_column()
    for name in Counts.model_fields:
        reasons = ", ".join(
            f"{number} {reason.removeprefix(name + ': ')}"
            for reason, number in result.reasons.items()
            if reason.startswith(name + ": ")
        )
        table.add_row(f"{getattr(result, name):,}", styled(name, (f"  {reasons}", "dim")) if reasons else name)
    screen.print(table)
    tokens = f"{result.prompt_tokens:,} + {result.completion_tokens:,} tokens"
    kinds = ", ".join(f"{number:,} {kind}" for kind, number in result.invalid_replies.items())
    invalid = f", {sum(result.invalid_replies.values()):,} invalid replies ({kinds})" if kinds else ""
    requests = f"{result.requests:,} requests, {result.cached:,} from the reply cache{invalid}"
    screen.print(f"{requests}, {tokens}, {result.seconds:.1f} s")
    vllm = result.throughput
    if vllm is not None:
        pace = vllm.completion_tokens / vllm.seconds
        screen.print(f"vLLM: {rate(pace, 'tokens')}, {_cache_share(vllm)}")
    if result.is_short:
        why = command_line("clca", "show", Path(result.run), "--discarded")
        short = f"Kept {result.kept:,} of {result.wanted:,}: the bound of {result.requested:,} dialogues is reached. "
        screen.print(styled(short, command(why), " says why, a larger --kept-attempts goes on."), style="yellow")
    if result.pending:
        screen.print("Run the same command again to resume.")
    elif result.failed and (result.wanted is None or result.is_short):
        retry = command_line("clca", "retry", Path(result.run), "--failed")
        screen.print(styled(command(retry), " tries the failed ones again."))
    else:
        screen.print(styled(command(command_line("clca", "show", Path(result.run))), " reads them."))


def _cache_share(vllm: Throughput) -> str:
    """The share of prompt tokens that were in the prefix cache."""
    return "prefix cache -" if vllm.hit_rate is None else f"prefix cache {vllm.hit_rate:.0%}"
