"""Simulated replies to every item in pairs: each has a mirror image, which says the same of the opposite option.

They are written without a look at `answers.yaml`, as models word replies: plain, with grounds, hedged, taken back,
contradicting themselves. A pair of `WORDINGS` begins with the option, from 0, that its first half names.
"""

from __future__ import annotations

from clca.content.wvs_items import Item
from clca.seeding import chooser
from tests.evaluation.wvs import mirror_wordings

PAIRS = 150  # of each item, two replies each

Wording = tuple[int, str, str]

_AGREEMENT: dict[str, list[tuple[str, str]]] = {
    **mirror_wordings.AGREEMENT,
    "en": [
        ("I strongly agree", "I strongly disagree"),
        ("Strongly agree", "Strongly disagree"),
        ("I completely agree with this statement", "I completely disagree with this statement"),
        ("Yes, I strongly agree", "No, I strongly disagree"),
    ],
    "de": [
        ("Ich stimme voll und ganz zu", "Ich stimme überhaupt nicht zu"),
        ("Stimme voll und ganz zu", "Stimme überhaupt nicht zu"),
        ("Ich stimme dem völlig zu", "Ich stimme dem gar nicht zu"),
        ("Dem stimme ich voll und ganz zu", "Dem stimme ich überhaupt nicht zu"),
    ],
    "es": [
        ("Estoy muy de acuerdo", "Estoy muy en desacuerdo"),
        ("Muy de acuerdo", "Muy en desacuerdo"),
        ("Estoy totalmente de acuerdo", "Estoy totalmente en desacuerdo"),
        ("Completamente de acuerdo", "Completamente en desacuerdo"),
    ],
    "ja": [
        ("強く賛成です", "強く反対です"),
        ("強く賛成", "強く反対"),
        ("その意見に強く賛成します", "その意見に強く反対します"),
        ("大賛成", "大反対"),
    ],
    "zh": [
        ("我非常同意", "我非常不同意"),
        ("非常同意", "非常不同意"),
        ("完全同意这个说法", "完全不同意这个说法"),
        ("非常赞成", "非常反对"),
    ],
}
_PLAIN: dict[str, list[tuple[str, str]]] = {
    **mirror_wordings.PLAIN,
    "en": [
        ("I agree", "I disagree"),
        ("Agree", "Disagree"),
        ("Yes, I agree", "No, I disagree"),
        ("I do agree with that", "I do not agree with that"),
        ("I somewhat agree", "I somewhat disagree"),
        ("I mostly agree", "I mostly disagree"),
        ("Yes", "No"),
    ],
    "de": [
        ("Ich stimme zu", "Ich stimme nicht zu"),
        ("Stimme zu", "Stimme nicht zu"),
        ("Ja, ich stimme zu", "Nein, ich stimme nicht zu"),
        ("Dem stimme ich zu", "Dem stimme ich nicht zu"),
        ("Ich stimme eher zu", "Ich stimme eher nicht zu"),
        ("Ja", "Nein"),
    ],
    "es": [
        ("Estoy de acuerdo", "Estoy en desacuerdo"),
        ("De acuerdo", "En desacuerdo"),
        ("Sí, estoy de acuerdo", "No, estoy en desacuerdo"),
        ("Yo estoy de acuerdo con eso", "Yo no estoy de acuerdo con eso"),
        ("Más bien de acuerdo", "Más bien en desacuerdo"),
        ("Sí", "No"),
    ],
    "ja": [
        ("賛成です", "反対です"),
        ("賛成", "反対"),
        ("はい、賛成です", "いいえ、反対です"),
        ("私はこの意見に賛成します", "私はこの意見に反対します"),
        ("やや賛成", "やや反対"),
        ("はい", "いいえ"),
    ],
    "zh": [
        ("我同意", "我不同意"),
        ("同意", "不同意"),
        ("是的，我同意", "不，我不同意"),
        ("赞成", "反对"),
        ("比较同意", "比较反对"),
        ("是", "不是"),
    ],
}
_MIDDLE = {
    **mirror_wordings.MIDDLE,
    "en": ["Neither agree nor disagree", "I neither agree nor disagree"],
    "de": ["Weder noch", "Ich sage: weder noch"],
    "es": ["Ni de acuerdo ni en desacuerdo", "No estoy ni de acuerdo ni en desacuerdo"],
    "ja": ["賛成でも反対でもない", "どちらとも言えない"],
    "zh": ["既不同意也不反对", "我既不同意也不反对"],
}

WORDINGS: dict[str, dict[str, list[Wording]]] = {
    **mirror_wordings.WORDINGS,
    "en": {
        "importance": [
            (0, "Very important", "Not at all important"),
            (0, "It is very important to me", "It is not at all important to me"),
            (0, "Very", "Not at all"),
            (0, "Yes, it is very important", "No, it is not at all important"),
            (0, "That is very important in my life", "That is not at all important in my life"),
            (1, "Rather important", "Not very important"),
            (1, "It is rather important to me", "It is not very important to me"),
            (1, "I consider it rather important", "I consider it not very important"),
            (1, "Important", "Not important"),
            (1, "Quite important", "Not so important"),
        ],
        "child": [
            (0, "Yes, I would name it", "No, I would not name it"),
            (0, "Yes", "No"),
            (0, "I would name it", "I would not name it"),
            (0, "Yes, I'd name it", "No, I wouldn't name it"),
            (0, "Yes, I would", "No, I would not"),
            (0, "I would name this as especially important", "I would not name this as especially important"),
            (0, "It is important", "It is not important"),
            (0, "Yes, definitely", "No, definitely not"),
            (0, "Yes, it is important", "No, it is not important"),
            (0, "Yes, it is not important", "No, it is important"),
        ],
        "neighbours": [
            (0, "Yes, I would name them", "No, I would not name them"),
            (0, "Yes", "No"),
            (0, "I would name them", "I would not name them"),
            (0, "Yes, I'd name them", "No, I wouldn't name them"),
            (0, "I would mention them", "I would not mention them"),
            (0, "I would mind", "I would not mind"),
            (0, "I would not like them as neighbours", "I would not mind them as neighbours"),
            (
                0,
                "I would name them among the people I would not like as neighbours",
                "I would not name them among the people I would not like as neighbours",
            ),
            (0, "Yes, of course", "No, of course not"),
            (0, "Yes, I would mind them as neighbours", "No, I would not mind them as neighbours"),
        ],
        "future": [
            (0, "A good thing", "A bad thing"),
            (0, "Good", "Bad"),
            (0, "It would be a good thing", "It would be a bad thing"),
            (0, "That would be good", "That would be bad"),
            (0, "I think it is good", "I think it is bad"),
            (0, "Rather good", "Rather bad"),
            (0, "Not bad", "Not good"),
            (1, "I would not mind", "I would not mind"),
            (1, "I don't mind", "I don't mind"),
        ],
    },
    "de": {
        "importance": [
            (0, "Sehr wichtig", "Überhaupt nicht wichtig"),
            (0, "Das ist mir sehr wichtig", "Das ist mir überhaupt nicht wichtig"),
            (0, "Sehr", "Überhaupt nicht"),
            (0, "Ich finde es sehr wichtig", "Ich finde es gar nicht wichtig"),
            (1, "Ziemlich wichtig", "Nicht sehr wichtig"),
            (1, "Das ist mir ziemlich wichtig", "Das ist mir nicht sehr wichtig"),
            (1, "Wichtig", "Nicht wichtig"),
            (1, "Eher wichtig", "Eher nicht wichtig"),
        ],
        "child": [
            (0, "Ja, das würde ich nennen", "Nein, das würde ich nicht nennen"),
            (0, "Ja", "Nein"),
            (0, "Das würde ich nennen", "Das würde ich nicht nennen"),
            (0, "Ich würde es nennen", "Ich würde es nicht nennen"),
            (0, "Ja, ich würde dies nennen", "Nein, ich würde dies nicht nennen"),
            (0, "Ja, natürlich", "Nein, natürlich nicht"),
            (0, "Das ist wichtig", "Das ist nicht wichtig"),
            (0, "Ja, das ist wichtig", "Nein, das ist nicht wichtig"),
            (0, "Ja, das ist nicht wichtig", "Nein, das ist wichtig"),
        ],
        "neighbours": [
            (0, "Ja, diese würde ich nennen", "Nein, diese würde ich nicht nennen"),
            (0, "Ja", "Nein"),
            (0, "Ich würde sie nennen", "Ich würde sie nicht nennen"),
            (0, "Ja, die würde ich nennen", "Nein, die würde ich nicht nennen"),
            (0, "Das würde mich stören", "Das würde mich nicht stören"),
            (0, "Ja, das würde mich stören", "Nein, das würde mich nicht stören"),
            (0, "Ich hätte sie nicht gern als Nachbarn", "Ich hätte nichts gegen sie als Nachbarn"),
            (0, "Ja, natürlich", "Nein, natürlich nicht"),
        ],
        "future": [
            (0, "Etwas Gutes", "Etwas Schlechtes"),
            (0, "Gut", "Schlecht"),
            (0, "Das wäre etwas Gutes", "Das wäre etwas Schlechtes"),
            (0, "Ich finde das gut", "Ich finde das schlecht"),
            (0, "Eher gut", "Eher schlecht"),
            (0, "Nicht schlecht", "Nicht gut"),
            (1, "Das wäre mir egal", "Das wäre mir egal"),
            (1, "Egal", "Egal"),
        ],
    },
    "es": {
        "importance": [
            (0, "Muy importante", "Nada importante"),
            (0, "Para mí es muy importante", "Para mí no es nada importante"),
            (0, "Es muy importante en mi vida", "No es nada importante en mi vida"),
            (0, "Son muy importantes", "No son nada importantes"),
            (1, "Bastante importante", "Poco importante"),
            (1, "Es bastante importante para mí", "Es poco importante para mí"),
            (1, "Es bastante importante", "No es muy importante"),
            (1, "Importante", "No importante"),
        ],
        "child": [
            (0, "Sí, la nombraría", "No, no la nombraría"),
            (0, "Sí", "No"),
            (0, "La nombraría", "No la nombraría"),
            (0, "Yo lo nombraría", "Yo no lo nombraría"),
            (0, "Sí, la mencionaría", "No, no la mencionaría"),
            (0, "Sí, claro", "No, claro que no"),
            (0, "Es importante", "No es importante"),
            (0, "Sí, es importante", "No, no es importante"),
            (0, "Sí, no es importante", "No, es importante"),
        ],
        "neighbours": [
            (0, "Sí, las nombraría", "No, no las nombraría"),
            (0, "Sí", "No"),
            (0, "Las nombraría", "No las nombraría"),
            (0, "Sí, los nombraría", "No, no los nombraría"),
            (0, "Me molestaría", "No me molestaría"),
            (0, "Sí, me importaría", "No, no me importaría"),
            (0, "No me gustaría tenerlos como vecinos", "No me importaría tenerlos como vecinos"),
            (0, "Sí, nombraría a estas personas", "No, no nombraría a estas personas"),
        ],
        "future": [
            (0, "Algo bueno", "Algo malo"),
            (0, "Bueno", "Malo"),
            (0, "Sería algo bueno", "Sería algo malo"),
            (0, "Creo que sería bueno", "Creo que sería malo"),
            (0, "Más bien bueno", "Más bien malo"),
            (0, "No sería malo", "No sería bueno"),
            (1, "Me daría igual", "Me daría igual"),
            (1, "Me da igual", "Me da igual"),
        ],
    },
    "ja": {
        "importance": [
            (0, "とても重要", "まったく重要ではない"),
            (0, "とても重要です", "まったく重要ではありません"),
            (0, "私にとってとても重要です", "私にとってまったく重要ではありません"),
            (0, "とても重要だと思います", "全く重要ではないと思います"),
            (1, "やや重要", "あまり重要ではない"),
            (1, "やや重要です", "あまり重要ではありません"),
            (1, "私にはやや重要です", "私にはあまり重要ではありません"),
            (1, "重要です", "重要ではありません"),
        ],
        "child": [
            (0, "はい、挙げます", "いいえ、挙げません"),
            (0, "はい", "いいえ"),
            (0, "挙げます", "挙げません"),
            (0, "私は挙げます", "私は挙げません"),
            (0, "特に大切なこととして挙げます", "特に大切なこととして挙げません"),
            (0, "挙げる", "挙げない"),
            (0, "大切です", "大切ではありません"),
            (0, "はい、大切です", "いいえ、大切ではありません"),
            (0, "はい、大切ではありません", "いいえ、大切です"),
        ],
        "neighbours": [
            (0, "はい、その人たちを挙げます", "いいえ、その人たちは挙げません"),
            (0, "はい", "いいえ"),
            (0, "挙げます", "挙げません"),
            (0, "はい、挙げます", "いいえ、挙げません"),
            (0, "気になります", "気になりません"),
            (0, "住んでほしくない", "住んでもかまわない"),
            (0, "隣に住んでほしくない人として挙げます", "隣に住んでほしくない人としては挙げません"),
            (0, "はい、気にします", "いいえ、気にしません"),
        ],
        "future": [
            (0, "良いこと", "悪いこと"),
            (0, "良いことです", "悪いことです"),
            (0, "それは良いことだと思います", "それは悪いことだと思います"),
            (0, "良いことだと感じます", "悪いことだと感じます"),
            (0, "やや良いこと", "やや悪いこと"),
            (0, "悪いことではない", "良いことではない"),
            (1, "どちらでもかまわない", "どちらでもかまわない"),
            (1, "どちらでもかまいません", "どちらでもかまいません"),
        ],
    },
    "zh": {
        "importance": [
            (0, "非常重要", "完全不重要"),
            (0, "我认为非常重要", "我认为完全不重要"),
            (0, "对我来说非常重要", "对我来说一点也不重要"),
            (0, "这是非常重要的", "这是完全不重要的"),
            (1, "比较重要", "不太重要"),
            (1, "我觉得比较重要", "我觉得不太重要"),
            (1, "对我来说比较重要", "对我来说不太重要"),
            (1, "重要", "不重要"),
        ],
        "child": [
            (0, "会，我会列出这一项", "不会，我不会列出这一项"),
            (0, "会", "不会"),
            (0, "我会列出这一项", "我不会列出这一项"),
            (0, "我会列出", "我不会列出"),
            (0, "会的", "不会的"),
            (0, "是的，我会列出这一项", "不会，我不会列出"),
            (0, "重要", "不重要"),
            (0, "会，不重要", "不会，重要"),
            (0, "可能会列出", "可能不会列出"),
        ],
        "neighbours": [
            (0, "会，我会列出这些人", "不会，我不会列出这些人"),
            (0, "会", "不会"),
            (0, "我会列出这些人", "我不会列出这些人"),
            (0, "我会列出", "我不会列出"),
            (0, "我介意", "我不介意"),
            (0, "我不愿意", "我愿意"),
            (0, "是", "否"),
            (0, "可能会列出", "可能不会列出"),
        ],
        "future": [
            (0, "好事", "坏事"),
            (0, "是好事", "是坏事"),
            (0, "我认为这是好事", "我认为这是坏事"),
            (0, "这是一件好事", "这是一件坏事"),
            (0, "更像好事", "更像坏事"),
            (0, "不是坏事", "不是好事"),
            (1, "无所谓", "无所谓"),
            (1, "我觉得无所谓", "我觉得无所谓"),
        ],
    },
}

FRAMES = {
    **mirror_wordings.FRAMES,
    "en": (
        "{x}", "{x}.", "**{x}**", "{n}. {x}", "{n}", "{n}.", "({n})", "Answer: {x}", "Answer: {n}",
        "My answer is {n}.", "{n}: {x}", "{n}) {x}.", "Sure! {n}", "Sure thing! {x}.", "As a woman of 45, {x}",
        "As a man of 45, married and employed, I would say {n}", "I think {x}", "{x} ({n})", "{x}, because I say so",
        "{x}. We do not talk much.", "{m}. {x}", "{n} or {o}", "{x}, but it depends", "{x}, maybe", "Perhaps {x}",
        "{x}?", "not {n}", "{n}, actually {m}", "{x}. Actually, {m}", "I am not sure, {x}", "{n}\n{m}", "{x} / {y}",
        "{x} or {y}", "I don't think {x}",
    ),
    "de": (
        "{x}", "{x}.", "**{x}**", "{n}. {x}", "{n}", "({n})", "Antwort: {x}", "Antwort: {n}", "Meine Antwort: {n}.",
        "{n}: {x}", "Klar! {n}", "Klar! {x}.", "Als Frau von 45 würde ich sagen: {x}", "Als Mann von 45: {n}",
        "{x} ({n})", "{x}, weil ich das sage", "{x}. Wir reden selten.", "{m}. {x}", "{n} oder {o}",
        "{x}, aber es kommt darauf an", "Vielleicht {x}", "{x}?", "nicht {n}", "{n}, eigentlich {m}", "{n}\n{m}",
        "{x} oder {y}", "{x}!", "({n}) {x}", "Ich würde {n} sagen.", "Diese Person würde {n} wählen.", "- {x}",
        "{x}, und das meine ich so", "{n}. {y}",
    ),
    "es": (
        "{x}", "{x}.", "**{x}**", "{n}. {x}", "{n}", "({n})", "Respuesta: {x}", "Respuesta: {n}",
        "Mi respuesta es {n}.", "{n}: {x}", "¡Claro! {n}", "Como mujer de 45 años, {x}",
        "Como hombre de 45 años, casado y empleado, diría {n}", "Creo que {n}", "{x} ({n})", "{x}, porque lo digo yo",
        "{x}. Mi familia vive lejos.", "{m}. {x}", "{n} o {o}", "{x}, pero depende", "Quizás {x}", "{x}?", "no {n}",
        "{n}, en realidad {m}", "{n}\n{m}", "{x} o {y}", "{x}!", "({n}) {x}", "Opción {n}",
        "Esta persona elegiría {n}", "- {x}", "{x}, y lo digo en serio", "{n}. {y}",
    ),
    "ja": (
        "{x}", "{x}。", "「{x}」", "{n}. {x}", "{n}", "（{n}）", "回答：{x}", "回答：{n}", "私の答えは{n}です。",
        "{n}：{x}", "もちろんです。{n}", "45歳の女性として、{x}", "45歳の既婚で働いている男性として、{n}",
        "{x}（{n}）", "{x}、なぜなら私がそう言うからです", "{x}。家族は遠くに住んでいます。", "{m}. {x}", "{n}か{o}",
        "{x}、しかし場合による", "たぶん{x}", "{x}？", "{n}ではない", "{n}、いや{m}", "{n}\n{m}", "{x}か{y}", "{x}！",
        "（{n}）{x}", "{n}番です", "この人は{n}を選びます。", "- {x}", "{n}. {y}", "答えは{x}",
    ),
    "zh": (
        "{x}", "{x}。", "“{x}”", "{n}. {x}", "{n}", "（{n}）", "答案：{x}", "答案是{n}", "我选择{n}。", "{n}、{x}",
        "当然！{n}", "作为一名45岁的女性，{x}", "作为一名45岁、已婚并且有工作的男性，我会选择{n}", "{x}（{n}）",
        "{x}，因为我这么说", "{x}。我的家人住得很远。", "{m}. {x}", "{n}或{o}", "{x}，但要看情况", "也许{x}", "{x}？",
        "不是{n}", "{n}，其实是{m}", "{n}\n{m}", "{x}或{y}", "{x}！", "（{n}）{x}", "选项{n}", "这个人会选择{n}",
        "- {x}", "{n}. {y}", "我的答案：{x}",
    ),
}  # fmt: skip
"""How wordings and numbers are put: {n} is a number, {x} its words, {m} and {y} those of its opposite, {o} another."""


def wordings(language: str, kind: str) -> list[Wording]:
    """The pairs of wordings of a kind of item; of agreement with four or five options the strong, plain and middle."""
    if not kind.startswith("agreement"):
        return WORDINGS[language][kind]
    pairs = [(0, *pair) for pair in _AGREEMENT[language]] + [(1, *pair) for pair in _PLAIN[language]]
    return pairs + [(2, words, words) for words in _MIDDLE[language] if kind.endswith("five")]


def mirrored_replies(language: str, kind: str, item: Item) -> list[tuple[int, str, str]]:
    """`PAIRS` of (option, reply, mirror image) for an item, always the same: drawn from all wordings and frames."""
    options = len(item.options)
    replies = []
    for option, words, opposite in wordings(language, kind):
        number, mirror, other = option + 1, options - option, (option + 1) % options + 1
        for frame in FRAMES[language]:
            first = frame.format(n=number, m=mirror, o=other, x=words, y=opposite)
            second = frame.format(n=mirror, m=number, o=options + 1 - other, x=opposite, y=words)
            replies.append((option, first, second))
    return chooser(1, "mirror", language, item.id).sample(list(dict.fromkeys(replies)), PAIRS)
