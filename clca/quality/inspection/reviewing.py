"""Dialogues for a person to judge, one after the other and back again, and what the person says of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Self

from clca.quality.inspection.lines import Line, lines
from clca.quality.inspection.plan import InspectPlan
from clca.storage.provenance import now
from clca.storage.reviews import Opinion, Review, ReviewFile


class ReviewSession:
    """The kept dialogues that match a plan and that `reviewer` has not judged; with `again`, all that match.

    What is said is on the disk before the next key. Only dialogues that were shown are in memory.
    """

    def __init__(self, plan: InspectPlan, reviewer: str, *, again: bool) -> None:
        self._plan, self.reviewer, self._again = plan, reviewer, again
        self._files: dict[Path, ReviewFile] = {}
        self._opened = ExitStack()
        self._coming = self._pending()
        self._shown: list[Line] = []
        self._place = -1
        self._own_reviews: dict[tuple[Path, str], Review] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.close()

    def forward(self) -> bool:
        """Go to the next dialogue; False where there is none."""
        if self._place + 1 == len(self._shown):
            line = next(self._coming, None)
            if line is None:
                return False
            self._shown.append(line)
        self._place += 1
        return True

    def back(self) -> bool:
        """Go to the dialogue before this one; False at the first."""
        if self._place < 1:
            return False
        self._place -= 1
        return True

    @property
    def line(self) -> Line:
        """The dialogue that is shown."""
        return self._shown[self._place]

    @property
    def reviews(self) -> tuple[Review, ...]:
        """What was said of it, this reviewer's words last."""
        dialogue = str(self.line.record()["id"])
        own = self._own_reviews.get((self.line.run.folder, dialogue))
        reviews = self._plan.matcher.reviews_of(self.line, dialogue)
        if own is None:
            return reviews
        earlier = next((review for review in reviews if review.reviewer == self.reviewer), None)
        return (*(review for review in reviews if review.reviewer != self.reviewer), own.after(earlier))

    def say(self, verdict: Opinion, comment: str = "") -> None:
        """Record a verdict or a comment of the dialogue that is shown."""
        folder, record = self.line.run.folder, self.line.record()
        if folder not in self._files:
            self._files[folder] = file = ReviewFile(folder)
            self._opened.callback(file.close)
        review = Review(id=record["id"], reviewer=self.reviewer, time=now(), verdict=verdict, comment=comment)
        self._files[folder].add(review)
        self._own_reviews[folder, review.id] = review.after(self._own_reviews.get((folder, review.id)))

    def counts(self) -> dict[str, int]:
        """How many dialogues were accepted, rejected and commented in this session."""
        verdicts = Counter(review.verdict for review in self._own_reviews.values())
        commented = sum(bool(review.comment) for review in self._own_reviews.values())
        return {"accepted": verdicts["accepted"], "rejected": verdicts["rejected"], "commented": commented}

    def _pending(self) -> Iterator[Line]:
        for line in lines(self._plan.runs, ("kept",)):
            if self._plan.matcher.matches(line) and (self._again or not self._is_judged(line)):
                yield line

    def _is_judged(self, line: Line) -> bool:
        reviews = self._plan.matcher.reviews_of(line, line.record()["id"])
        return any(review.reviewer == self.reviewer and review.verdict for review in reviews)
