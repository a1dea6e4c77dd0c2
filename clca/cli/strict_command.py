"""Commands that drop nothing: an option that takes one value is refused when it is repeated, and no help is cut."""

from __future__ import annotations

from typing import Any

from typer.core import TyperCommand


class StrictCommand(TyperCommand):
    """A command of which Typer alone would take the last of several values, and cut names on a narrow screen."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse as Typer does. Raises its error for wrong usage for an option that is given too often."""
        if not ctx.resilient_parsing:
            _, _, parameters = self.make_parser(ctx).parse_args(args=list(args))
            for parameter in dict.fromkeys(parameters):
                times = parameters.count(parameter)
                if times > 1 and _takes_one_value(parameter):
                    ctx.fail(
                        f"{parameter.opts[0]} is given {times} times and takes one value: leave one out, or repeat the"
                        " command for each"
                    )
        return super().parse_args(ctx, args)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Print the help with nothing cut: what is longer than its column goes on below."""
        from rich.table import Table
        from typer import rich_utils

        class Folding(Table):
            def add_row(self, *cells: Any, **options: Any) -> None:
                super().add_row(*cells, **options)
                for column in self.columns:
                    column.overflow = "fold"

        rich_utils.Table = Folding  # type: ignore[attr-defined]
        super().format_help(ctx, formatter)


def _takes_one_value(parameter: Any) -> bool:
    """Whether a repetition says something else: of a switch it does only where there is one for the opposite, too."""
    if parameter.param_type_name != "option" or parameter.multiple:
        return False
    return not parameter.is_flag or bool(parameter.secondary_opts)
