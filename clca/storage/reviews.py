"""What people say of the dialogues of a run: `reviews.jsonl` in its folder, one line for each thing that was said.

Lines are only appended. The last line of a reviewer about a dialogue counts. Dialogues stay where they are: one that is
rejected here stands in `dialogues.jsonl` still, unlike one of `rejected.jsonl`, which somebody has removed from it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import StringConstraints

from clca.content.parsing import parse_records
from clca.records import Record
from clca.storage.jsonl import LineFile, read_lines

FILE = "reviews.jsonl"
LONGEST_COMMENT = 4000  # characters

Opinion = Literal["accepted", "rejected", ""]
Status = Literal["accepted", "rejected", "open"]
Reviewer = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80)]


class Review(Record):
    """What a person says of a dialogue: a line of `reviews.jsonl`; `verdict` is "" for a comment alone.

    `time` is that of the reviewer's clock, in UTC, ISO 8601.
    """

    id: str
    reviewer: Reviewer
    time: str
    verdict: Opinion
    comment: Annotated[str, StringConstraints(max_length=LONGEST_COMMENT)] = ""

    def after(self, earlier: Review | None) -> Review:
        """What the reviewer says with an earlier review: a comment takes no verdict back, and a verdict no comment."""
        if earlier is None:
            return self
        return self.model_copy(
            update={"verdict": self.verdict or earlier.verdict, "comment": self.comment or earlier.comment}
        )


Reviews = Mapping[str, Mapping[str, Review]]
"""The review that counts, by the dialogue's id and the reviewer."""


def read_reviews(folder: Path) -> Reviews:
    """The reviews in a run's folder, none where there is no file; half a line at the end is left out.

    Raises `ContentError` for a line that is no review, `StoreError` for a file that cannot be read.
    """
    path = folder / FILE
    reviews: dict[str, dict[str, Review]] = {}
    if not path.exists():
        return reviews
    for _, review in parse_records((line for _, line in read_lines(path)), str(path), Review):
        own = reviews.setdefault(review.id, {})
        own[review.reviewer] = review.after(own.get(review.reviewer))
    return reviews


def status_of(reviews: Iterable[Review]) -> Status:
    """What the reviews of a dialogue come to: one who rejects it outweighs all who accept it.

    >>> status_of([])
    'open'
    """
    verdicts = {review.verdict for review in reviews}
    if "rejected" in verdicts:
        return "rejected"
    return "accepted" if "accepted" in verdicts else "open"


def reviewed(folder: Path) -> dict[str, Status]:
    """The dialogues of a run that reviewers accept or reject, by id. Raises as `read_reviews` does."""
    statuses = {dialogue: status_of(own.values()) for dialogue, own in read_reviews(folder).items()}
    return {dialogue: status for dialogue, status in statuses.items() if status != "open"}


class ReviewFile:
    """The open `reviews.jsonl` of a run; a line that a kill cut off is removed when it is opened."""

    def __init__(self, folder: Path) -> None:
        self._file = LineFile(folder / FILE)
        self._file.is_edited(0)  # gives a whole last line its line break
        self._file.cut_half_line(b'{"id":')

    def add(self, review: Review) -> None:
        """Append a review; it is on the disk when this returns."""
        self._file.append([review.model_dump_json().encode() + b"\n"])
        self._file.sync()

    def close(self) -> None:
        """Close the file."""
        self._file.close()
