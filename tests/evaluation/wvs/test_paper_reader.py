"""The released evaluation's reading and metric, restated on their own, on a table of replies.

`released_bucket` and `released_kl` follow the rules as the release computes: counts in a list whose index is the code,
of which the last place takes what could not be read. Nothing of the code under test is used in them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from pathlib import Path

import pytest

from clca.content.lookup import Content
from clca.content.parsing import read_yaml
from clca.content.wvs_items import Item
from clca.errors import ContentError
from clca.evaluation.wvs.aggregate import score
from clca.evaluation.wvs.answer_extraction import OptionReader
from clca.evaluation.wvs.answer_patterns import ANSWERS, AnswerPatterns
from clca.evaluation.wvs.answering import WvsAnswering
from clca.evaluation.wvs.baselines import survey_from_respondents
from clca.evaluation.wvs.paper_reader import PAPER_ANSWERS, PaperAnswers, PaperReader, load_paper_reader
from clca.evaluation.wvs.prediction_dir import WvsPredictionDir
from clca.evaluation.wvs.request_group import ItemQuestion, RespondentRequestGroup, item_question
from clca.evaluation.wvs.rereading import Rereading
from clca.evaluation.wvs.sampling import Sample
from clca.evaluation.wvs.score_layout import ScoreLayout
from clca.evaluation.wvs.scores import MethodScores
from clca.inference.requests import Answer, AnsweredCallback
from clca.records import Respondent, Scoring
from tests.conftest import Overlay

IMPORTANT = Item(
    id="Q1",
    topic="life",
    question="How important is family in your life?",
    options=("Very important", "Rather important", "Not very important", "Not at all important"),
)
NAMED = Item(id="Q7", topic="child", question="Would you name it?", options=("Important", "Not mentioned"))
AGREE = Item(
    id="Q33",
    topic="work",
    question="Do you agree that jobs are scarce?",
    options=("Strongly agree", "Agree", "Neither", "Disagree", "Strongly disagree"),
)
FUTURE = Item(id="Q43", topic="future", question="Would it be good or bad?", options=("Good", "Neither", "Bad"))
ITEMS = (IMPORTANT, NAMED, AGREE, FUTURE)

# (reply, code in the corrected reading, code in the paper's); 0 is unreadable.
REPLIES: dict[Item, tuple[tuple[str, int, int], ...]] = {
    IMPORTANT: (
        ("1", 1, 1),
        ("2", 2, 2),
        (" 3 ", 3, 3),
        ("4.", 4, 4),
        ("２", 2, 2),
        ("**2**", 2, 2),
        ("2)", 2, 0),
        ("(2)", 2, 0),
        ("2 (rather important)", 2, 2),
        ("1. Very important", 1, 0),
        ("Very important", 1, 0),
        ("I would say 2", 2, 0),
        ("I think the answer is 3", 3, 3),
        ("I think the answer is 3.", 3, 3),
        ("Answer: 2", 2, 2),
        ("ANSWER: 4", 4, 4),
        ("My answer: 3 (not very important)", 3, 3),
        ("Option 2", 2, 0),
        ("two", 2, 0),
        ("2\nBecause we are close.", 2, 2),
        ("2 because we are close", 2, 0),
        ("How important is family in your life? 2", 2, 2),
        ("assistant\n\n2", 0, 2),
        ("good", 0, 1),
        ("bad", 0, 3),
        ("yes", 0, 1),
        ("No.", 0, 2),
        ("Sehr wichtig", 0, 1),
        ("muy importante", 0, 1),
        ("Überhaupt nicht wichtig", 0, 4),
        ("0", 0, 0),
        ("5", 0, 0),
        ("-1", 0, 0),
        ("2.5", 0, 0),
        ("1 or 2", 0, 0),
        ("", 0, 0),
        ("I cannot answer that.", 0, 0),
        ("½", 0, 0),
    ),
    NAMED: (
        ("1", 1, 1),
        ("2.", 2, 2),
        ("3", 0, 0),
        ("Important", 1, 0),
        ("Not mentioned", 2, 0),
        ("yes", 0, 1),
        ("Nein", 0, 2),
        ("はい", 0, 1),
        ("1 Ja", 0, 1),
        ("bad", 0, 0),  # its code 3 is the place of what could not be read
        ("en desacuerdo", 0, 0),  # its code 4 is beyond every place
    ),
    AGREE: (
        ("5", 5, 5),
        ("3", 3, 3),
        ("Totalmente en desacuerdo", 0, 5),
        ("Stimme überhaupt nicht zu.", 0, 5),
        ("非常不同意。", 0, 5),
        ("反对", 0, 4),
        ("de acuerdo", 0, 2),
        ("Strongly disagree", 5, 0),
        ("5: Strongly disagree", 5, 0),
        ("4 - Disagree", 4, 0),
        ("6", 0, 0),
    ),
    FUTURE: (
        ("1", 1, 1),
        ("Good", 1, 1),
        ("Bad.", 3, 3),
        ("Neither", 2, 0),
        ("4", 0, 0),
        ("反对", 0, 0),
        ("La respuesta es 2", 0, 2),
        ("Die Antwort ist: 3", 0, 3),
        ("2 在1到3之间", 0, 2),
        ("9 在1到3之间", 0, 0),
    ),
}
ROWS = [(item, *row) for item, rows in REPLIES.items() for row in rows]

# ---------------------------------------------------------------- the release, restated

ALWAYS = {
    1: "good|gut|bueno|好|良い|yes|ja|1 ja|si|1 sí|是|1 是|はい|sehr wichtig|muy importante|非常重要|非常非常重要"
    "|非常 important|非常に重要|stimme voll zu|totalmente de acuerdo|非常同意|強く賛成|強烈に賛成",
    2: "no|no 2|nein|否|いいえ|de acuerdo|很重要",
    3: "bad|schlecht|malo|坏|悪い",
    4: "überhaupt nicht wichtig|nada importante|全く重要ではない|一点也不重要|非常不重要|en desacuerdo|反对",
}
AT_THE_END = "stimme überhaupt nicht zu|totalmente en desacuerdo|非常不同意|very不同意|強く反対"


def released_bucket(reply: str, question: str, scale: int) -> int:
    """The index in a list of `scale` + 2 counts, of which 0 is not used and the last is for what was not read."""
    unread = scale + 1
    behind = reply.replace(question, "").split("ANSWER:")[-1]
    for gone in ("assistant", "."):
        behind = behind.replace(gone, "")
    first = behind.strip().split("\n")[0].replace("I think the answer is", "").strip()
    if first.isdecimal() and 1 <= int(first) <= scale:
        return int(first)
    rest = re.split("[:：]", first.lower())[-1]
    for gone in ("。", "**", "la respuesta es", "宗教", "ich bi", "die antwort ist"):
        rest = rest.replace(gone, "")
    rest = rest.split("(")[0].strip()
    if rest.isdecimal():
        return int(rest) if 1 <= int(rest) <= scale else unread
    if rest in AT_THE_END.split("|"):
        return scale
    for code, words in ALWAYS.items():
        if rest in words.split("|"):
            return code if code <= scale else unread
    repeated = re.match(r"([0-9])\s(在1到|1表示|1 は|から)", rest)
    if repeated and 1 <= int(repeated.group(1)) <= scale:
        return int(repeated.group(1))
    return unread


def released_kl(answers: Iterable[int | None], buckets: Iterable[int], scale: int) -> float:
    """KL(o || softmax(q)) in nats; `answers` are people's codes, `buckets` those of the replies."""
    people, replies = [0] * (scale + 2), [0] * (scale + 2)
    for code in answers:
        if code is not None:
            people[code] += 1
    for bucket in buckets:
        replies[bucket] += 1
    o, q = ([count / sum(counts[1:]) for count in counts[1:]] for counts in (people, replies))
    log_sum = math.log(sum(math.exp(share) for share in q))
    return sum(share * (math.log(share) - (guess - log_sum)) for share, guess in zip(o, q, strict=True) if share)


# ---------------------------------------------------------------- readings


def corrected_reader() -> OptionReader:
    """The English reader without wordings of this project's items, which are not asked here."""
    patterns = read_yaml(ANSWERS, Content().text(ANSWERS), AnswerPatterns)
    return OptionReader(patterns.model_copy(update={"also": {}, "short": {}}))


CORRECTED, PAPER = corrected_reader(), load_paper_reader(Content())


def question(item: Item, text: str = "") -> ItemQuestion:
    return item_question(item, "given", text or item.question, tuple(range(len(item.options))))


def code_of(option: int | None) -> int:
    return 0 if option is None else option + 1


def test_the_table_has_sixty_replies_on_which_the_readings_differ_often() -> None:
    assert len(ROWS) >= 60
    assert sum(corrected != paper for _, _, corrected, paper in ROWS) >= 30


@pytest.mark.parametrize(("item", "reply", "corrected", "paper"), ROWS)
def test_each_reading_reads_a_reply_as_the_table_says(item: Item, reply: str, corrected: int, paper: int) -> None:
    assert code_of(CORRECTED.read(reply, question(item))) == corrected
    assert code_of(PAPER.read(reply, question(item))) == paper
    scale = len(item.options)
    assert released_bucket(reply, item.question, scale) == (paper or scale + 1)


def test_the_wordings_are_those_of_the_release(content: Content) -> None:
    answers = read_yaml(PAPER_ANSWERS, content.text(PAPER_ANSWERS), PaperAnswers)
    assert {code: set(words) for code, words in answers.words.items()} == {
        code: set(words.split("|")) for code, words in ALWAYS.items()
    }
    assert set(answers.last) == set(AT_THE_END.split("|"))


def test_a_wording_of_two_codes_is_a_fault(overlay: Overlay, content: Content) -> None:
    broken = content.text(PAPER_ANSWERS).replace("[bad,", "[bad, good,")
    with pytest.raises(ContentError, match=r"paper_answers\.yaml:\d+: words: 'good' is listed twice"):
        load_paper_reader(overlay({PAPER_ANSWERS: broken}))


def test_numbers_are_those_shown_and_words_the_surveys() -> None:
    reversed_ = item_question(AGREE, "reversed", AGREE.question, (4, 3, 2, 1, 0))
    assert [PAPER.read(reply, reversed_) for reply in ("1", "de acuerdo", "非常不同意")] == [4, 1, 4]


def test_the_question_is_what_stands_behind_its_marker() -> None:
    marked = question(IMPORTANT, "Answer.\nQUESTION: From 1 to 4: how important is it?\nANSWER:")
    assert PAPER.read("From 1 to 4: how important is it? 3", marked) == 2
    assert PAPER.read("From 1 to 5: how important is it? 3", marked) is None


# ---------------------------------------------------------------- scores of both readings

PEOPLE = len(REPLIES[IMPORTANT])


def row_of(item: Item, person: int) -> tuple[str, int, int]:
    rows = REPLIES[item]
    return rows[person % len(rows)]


def answer_of(item: Item, person: int) -> int | None:
    """A person's own code; every ninth did not answer."""
    return None if (person + len(item.options)) % 9 == 0 else (3 * person + person // 4) % len(item.options) + 1


class Talking:
    """Replies to each person's questions as the table has it."""

    def predict(
        self, groups: Iterable[RespondentRequestGroup], answered: AnsweredCallback[RespondentRequestGroup]
    ) -> None:
        for group in groups:
            answered(group, [Answer(reply=row_of(one.item, int(group.respondent))[0]) for one in group.questions])


@pytest.mark.parametrize("scoring", ["corrected", "paper"])
def test_both_readings_of_the_same_replies_score_as_the_release_computes(tmp_path: Path, scoring: Scoring) -> None:
    people = [
        Respondent(
            id=str(person),
            country="japan",
            demographics={},
            answers={item.id: code - 1 for item in ITEMS for code in [answer_of(item, person)] if code is not None},
        )
        for person in range(PEOPLE)
    ]
    layout = ScoreLayout(ITEMS)
    survey = survey_from_respondents("japan", people, layout, seed=1)
    samples = {"japan": Sample("japan", tuple(people), survey, ())}
    questions = tuple(map(question, ITEMS))
    groups = [RespondentRequestGroup("", "", questions, "japan", "persona", one.id) for one in people]
    readers: dict[Scoring, OptionReader | PaperReader] = {"corrected": CORRECTED, "paper": PAPER}
    other: Scoring = "paper" if scoring == "corrected" else "corrected"
    rereading = Rereading(other, {"japan": readers[other]}, groups, samples, {"japan": layout}, weighted=False)
    with WvsPredictionDir(tmp_path, groups) as folder:
        work = WvsAnswering(
            folder,
            groups,
            samples,
            {"japan": layout},
            {"japan": readers[scoring]},
            rereading,
            seed=1,
            weighted=False,
            on_progress=lambda progress: None,
        )
        work.answer_pending(Talking())
    own = score(work.counts, {"japan": survey}, seed=1, resamples=5)
    reread = rereading.score({"japan": survey}, seed=1)
    assert reread is not None
    by_scoring: dict[Scoring, MethodScores] = {scoring: own.results[0], reread.scoring: reread.results[0]}
    assert set(by_scoring) == {"corrected", "paper"}
    columns: dict[Scoring, int] = {"corrected": 1, "paper": 2}
    for name, column in columns.items():
        kl, hits = [], 0
        for item in ITEMS:
            codes = [int(row_of(item, person)[column]) for person in range(PEOPLE)]  # type: ignore[call-overload]
            answers = [answer_of(item, person) for person in range(PEOPLE)]
            kl.append(released_kl(answers, [code or len(item.options) + 1 for code in codes], len(item.options)))
            hits += sum(code == answer for code, answer in zip(codes, answers, strict=True))
        scores = by_scoring[name]
        found = [one.figures.kl_paper.value for one in scores.items if one.figures.kl_paper is not None]
        assert found == pytest.approx(kl)
        assert scores.overall.accuracy_paper is not None
        assert scores.overall.accuracy_paper.value == pytest.approx(hits / (PEOPLE * len(ITEMS)))
    (differing,) = reread.differing
    expected = sum(row_of(item, person)[1] != row_of(item, person)[2] for item in ITEMS for person in range(PEOPLE))
    assert (differing.replies, differing.differing) == (PEOPLE * len(ITEMS), expected)
