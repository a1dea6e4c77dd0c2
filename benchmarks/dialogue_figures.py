"""Figures of dialogues: turns, intents, verdicts, and what a kept dialogue costs.

An *echo* is a spoken turn of four words or more whose similarity to an earlier one is 0.8 or more, names masked. A
secret is *told* where a turn holds half of the content words of the speaker's own secret (two at least) in sentences
with "I", "my" or "me"; it is *turned round* where it holds them in sentences with "you" or "your" alone, or holds those
of the partner's secret. Words that setting, goals and occupations hold anyway do not count.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchmarks.figures import Figure, share
from benchmarks.recorded import Json, Recorded
from benchmarks.text_rules import (
    addresses,
    begins_with_punctuation,
    content_words,
    has_label,
    is_assistant_talk,
    is_cut,
    is_markup,
    sentences,
    similarity,
    spoken_of,
    words,
)

ECHO = 0.8
LEAST_WORDS = 4
_ME, _YOU = {"i", "i'm", "i've", "i'd", "i'll", "my", "me", "mine"}, {"you", "your", "you're", "you've", "you'll"}


@dataclass(frozen=True, slots=True)
class Spoken:
    """A turn with words, and where it stands."""

    record: Json
    index: int

    @property
    def turn(self) -> Json:
        turn: Json = self.record["turns"][self.index]
        return turn

    @property
    def text(self) -> str:
        return str(self.turn["text"])

    @property
    def people(self) -> tuple[Json, Json]:
        """The speaker and the partner."""
        first, second = self.record["scenario"]["participants"]
        return (first, second) if self.index % 2 == 0 else (second, first)

    def __str__(self) -> str:
        return f"{self.record['id']} turn {self.index + 1}: {self.text[:90]}"


def turn_figures(records: Sequence[Json], part: str) -> list[Figure]:
    """The figures of the turns of some dialogues."""
    spoken = [
        Spoken(record, index)
        for record in records
        for index, turn in enumerate(record["turns"])
        if turn["action"] in ("speak", "leave") and turn["text"]
    ]
    total, later = len(spoken), sum(each.index > 0 for each in spoken)

    def of(what: str, rule: Callable[[Spoken], bool], total: int = total) -> Figure:
        return share(part, what, (str(each) for each in spoken if rule(each)), total)

    echoes = [each for each in spoken if _echoes(each, 1)]
    turned = [each for each in spoken if _secret(each) == "turned round"]
    return [
        of("turns that begin with punctuation", lambda each: begins_with_punctuation(each.text)),
        of("turns that are cut", lambda each: is_cut(each.text, sentence=True)),
        of("turns with the speaker's own label", lambda each: has_label(each.text, each.people[0]["name"])),
        of("turns with the partner's label", lambda each: has_label(each.text, each.people[1]["name"])),
        of("turns with the form of the answer in them", lambda each: is_markup(each.text)),
        of("turns that address their own speaker", lambda each: addresses(each.text, each.people[0]["name"])),
        share(part, "turns that echo the partner", map(str, echoes), later),
        share(part, "dialogues with such a turn", (each.record["id"] for each in echoes), len(records)),
        of("turns that repeat an own one", lambda each: _echoes(each, 0), later),
        of("turns of refusal or assistant talk", lambda each: is_assistant_talk(each.text)),
        of("turns that tell the speaker's secret", lambda each: _secret(each) == "told"),
        share(part, "turns that turn a secret round", map(str, turned), total),
        share(part, "dialogues left in the first exchange", _left(records, 2), len(records)),
        share(part, "dialogues left in the second exchange", _left(records, 4), len(records)),
    ]


def intent_figures(kept: Sequence[Json]) -> list[Figure]:
    """The figures of the intents of kept dialogues."""
    part = "intents"
    labelled = [
        (Spoken(record, index), turn["intent"])
        for record in kept
        for index, turn in enumerate(record["turns"])
        if turn.get("intent")
    ]
    long = [record for record in kept if len(record["turns"]) >= 4]
    single = [record["id"] for record in long if len({turn["intent"]["relevance"] for turn in record["turns"]}) == 1]
    reasons = [(each, _no_intent(intent["text"], each)) for each, intent in labelled]
    cultural = [each for each, intent in labelled if intent["relevance"] == "cultural"]
    return [
        share(
            part,
            "that begin with punctuation",
            (
                f"{each.record['id']}: {text['text'][:90]}"
                for each, text in labelled
                if begins_with_punctuation(text["text"])
            ),
            len(labelled),
        ),
        share(
            part,
            "that are cut",
            (
                f"{each.record['id']}: {text['text'][-90:]}"
                for each, text in labelled
                if is_cut(text["text"], sentence=False)
            ),
            len(labelled),
        ),
        share(
            part,
            "that are no intents",
            (
                f"{each.record['id']} turn {each.index + 1}, {reason}: {intent['text'][:80]}"
                for (each, reason), (_, intent) in zip(reasons, labelled, strict=True)
                if reason
            ),
            len(labelled),
        ),
        Figure(part, "called cultural", len(cultural), len(labelled)),
        share(part, "dialogues whose relevance never varies", single, len(long)),
    ]


def verdict_figures(runs: Sequence[Recorded]) -> list[Figure]:
    """The figures of the judge's verdicts on the dialogues of the runs."""
    part = "verdicts"
    judged = [record for run in runs for record in (*run.kept, *run.discarded) if record.get("judgement")]
    figures = []
    for label, bad in (("quality", "bad"), ("alignment", "no"), ("meta", "bad")):
        verdicts = [record["judgement"][label] for record in judged]
        counts = Counter(f"{verdict['label']}, {verdict['confidence']}" for verdict in verdicts)
        shown = tuple(f"{verdict}: {number}" for verdict, number in counts.most_common())
        number = sum(verdict["label"] == bad for verdict in verdicts)
        figures.append(Figure(part, f"{label} {bad} of the dialogues judged", number, len(judged), shown))
    faulty = [
        f"{record['id']}: {verdict[key][:90]}"
        for record in judged
        for verdict, key in (
            (record["judgement"]["quality"], "rationale"),
            (record["judgement"]["alignment"], "rationale"),
            (record["judgement"]["meta"], "critique"),
        )
        if begins_with_punctuation(verdict[key])
    ]
    return [*figures, share(part, "texts that begin with punctuation", faulty, 3 * len(judged))]


def outcome_figures(runs: Sequence[Recorded]) -> list[Figure]:
    """How many dialogues were kept, why the others were not, and what a kept one cost."""
    part = "outcome"
    kept = sum(len(run.kept) for run in runs)
    lost = [record for run in runs for record in (*run.discarded, *run.failed)]
    reasons = Counter(f"{record['reason']}" for record in lost)
    figures = [Figure(part, "dialogues kept", kept, kept + len(lost))]
    figures += [Figure(part, f"  not kept: {reason}", number, len(lost)) for reason, number in reasons.most_common()]
    tokens = [run.tokens() for run in runs]
    prompt, completion = sum(each[0] for each in tokens), sum(each[1] for each in tokens)
    cached, looked_up = (sum(each) for each in zip(*(run.cached() for run in runs), strict=True))
    figures += [Figure(part, "requests", sum(int(run.info["usage"]["requests"]) for run in runs))]
    per = max(1, kept)
    figures += [Figure(part, f"prompt tokens{' per kept dialogue' if kept else ''}", round(prompt / per))]
    if looked_up:
        figures += [Figure(part, "prompt tokens that the servers had cached", cached, looked_up)]
    figures += [Figure(part, f"completion tokens{' per kept dialogue' if kept else ''}", round(completion / per))]
    invalid = Counter[str]()
    for run in runs:
        for session in run.info["sessions"]:
            invalid.update(session.get("invalid_replies", {}))
    return [*figures, *(Figure(part, f"replies asked again: {kind}", number) for kind, number in invalid.most_common())]


def _echoes(spoken: Spoken, distance: int) -> bool:
    """Whether a turn repeats an earlier one of the partner (`distance` 1) or of the speaker (0)."""
    if len(words(spoken.text)) < LEAST_WORDS:
        return False
    turns = spoken.record["turns"]
    names = [person["name"] for person in spoken.people]
    earlier = [
        turn["text"] for index, turn in enumerate(turns[: spoken.index]) if (spoken.index - index) % 2 == distance
    ]
    return any(similarity(spoken.text, text, names) >= ECHO for text in earlier if len(words(text)) >= LEAST_WORDS)


def _secret(spoken: Spoken) -> str:
    """`told`, `turned round` or "": what the turn does with a secret."""
    me, partner = spoken.people
    scenario = spoken.record["scenario"]
    public = " ".join(
        [
            scenario["setting"],
            *(f"{person['occupation']} {person['goal']} {person['name']}" for person in (me, partner)),
        ]
    )
    if spoken_of(spoken.text, partner["secret"], f"{public} {me['secret']} {me['background']}"):
        return "turned round"
    shared = set(spoken_of(spoken.text, me["secret"], public))
    if not shared:
        return ""
    telling = {word for text in sentences(spoken.text) if content_words(text) & shared for word in words(text)}
    return "turned round" if telling & _YOU and not telling & _ME else "told"


def _left(records: Sequence[Json], turns: int) -> list[str]:
    return [
        record["id"]
        for record in records
        if record.get("ended") == "leave" or _is_leave(record)
        if turns - 2 < len(record["turns"]) <= turns
    ]


def _is_leave(record: Json) -> bool:
    return bool(record["turns"][-1]["action"] == "leave")


def _no_intent(text: str, spoken: Spoken) -> str:
    """Why a text is no intent of the turn, or ""."""
    stated = words(text)
    if len(stated) < 3:
        return "under three words"
    if is_assistant_talk(text) or is_markup(text):
        return "assistant talk"
    if stated[0] in _ME | _YOU | {"yes", "no", "hello", "hi", "thank", "sorry", "we"} or text.rstrip().endswith("?"):
        return "speech"
    lines = [turn["text"] for turn in spoken.record["turns"] if len(words(turn["text"])) >= LEAST_WORDS]
    if any(similarity(text, line) >= ECHO for line in lines):
        return "repeats a turn"
    if " ".join(words(spoken.text)) in " ".join(stated) and len(words(spoken.text)) >= LEAST_WORDS:
        return "quotes the turn"
    return ""
