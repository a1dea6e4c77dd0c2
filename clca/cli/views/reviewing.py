"""Reviewing in the terminal: a dialogue, a key, the next dialogue."""

from __future__ import annotations

import getpass
import os
import sys
from pathlib import Path

from rich.console import Console

from clca.cli.views.dialogue import show_dialogue, show_judgement
from clca.cli.views.inspection import show_reviews
from clca.cli.views.screen import make_console, print_json
from clca.cli.views.selection import show_selections
from clca.errors import SettingsError
from clca.printable import one_line
from clca.quality.inspection.config import InspectConfig
from clca.quality.inspection.plan import plan
from clca.quality.inspection.reviewing import ReviewSession
from clca.storage.reviews import LONGEST_COMMENT

KEYS = "a accept, r reject, c comment, s skip, b back, j the judge's verdict, q stop"


def review(config: InspectConfig, workspace: Path | None, reviewer: str | None, *, again: bool, as_json: bool) -> None:
    """Show dialogues until there are no more, or `q` is pressed; what was said stays whatever happens."""
    name = _reviewer(reviewer)
    made = plan(config.model_copy(update={"verdict": ("kept",)}), workspace)
    show_selections(made.selection)
    console = make_console(stderr=as_json)
    with ReviewSession(made, name, again=again) as session:
        ended = _go_through(session, console)
        counts = session.counts()
    if as_json:
        print_json({"reviewer": name, **counts, "ended": ended})
        return
    console.print(one_line(f"{name}: " + ", ".join(f"{count:,} {word}" for word, count in counts.items())))
    if ended:
        console.print("There are no more dialogues to review." if any(counts.values()) else "There is none to review.")
    else:
        console.print("Repeat the command to go on.")


def _go_through(session: ReviewSession, console: Console) -> bool:
    """Show and ask, dialogue by dialogue; returns whether the last one was passed."""
    moved = session.forward()
    while moved:
        _show(session, console)
        key = ""
        while key not in ("a", "r", "s", "b", "q"):
            key = _key(console)
            if key == "c":
                console.print("Comment, to the end of the line: ", end="")
                if comment := sys.stdin.readline().strip()[:LONGEST_COMMENT]:
                    session.say("", comment)
            elif key == "j":
                show_judgement(session.line.record(), console)
            elif key not in ("a", "r", "s", "b", "q"):
                console.print(KEYS, style="dim")
        if key == "q":
            return False
        if key in ("a", "r"):
            session.say("accepted" if key == "a" else "rejected")
            console.print("accepted" if key == "a" else "rejected", style="green" if key == "a" else "red")
        if key == "b":
            session.back()
        else:
            moved = session.forward()
    return True


def _show(session: ReviewSession, console: Console) -> None:
    """Print a dialogue without the judge's opinion, which would sway the reader's."""
    console.print()
    record = {**session.line.record(), "judgement": None, "ratings": None, "planted": ""}
    show_dialogue(session.line.outcome, record, as_json=False, console=console)
    show_reviews(console, session.reviews)
    console.print(KEYS, style="dim")


def _key(console: Console) -> str:
    """The next key, a letter; `q` where the input ends. Other input than a terminal is read letter by letter."""
    if not sys.stdin.isatty():
        while (key := sys.stdin.read(1)) and key.isspace():
            pass
        return key.lower() or "q"
    import termios
    import tty

    console.file.flush()
    descriptor = sys.stdin.fileno()
    before = termios.tcgetattr(descriptor)
    try:
        tty.setcbreak(descriptor)  # Ctrl-C interrupts as ever
        key = os.read(descriptor, 32).decode("utf-8", "replace")  # all of an arrow key, which is none of ours
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)
    return "q" if key in ("", "\x04") else key.lower()


def _reviewer(name: str | None) -> str:
    if name is None:
        try:
            name = getpass.getuser()
        except (OSError, KeyError):
            raise SettingsError("--reviewer: your account has no name: give yours") from None
    if not name.strip() or len(name) > 80:
        raise SettingsError("--reviewer: a name has 1 to 80 characters")
    return name.strip()
