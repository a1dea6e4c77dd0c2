from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clca.content.lookup import Content
from clca.errors import ContentError
from clca.evaluation.wvs.answer_patterns import read_answer_patterns
from clca.evaluation.wvs.question import item_questions
from clca.evaluation.wvs.request_group import ItemQuestion
from clca.evaluation.wvs.suite import files_of, languages, load_suite
from clca.records import Order
from tests.evaluation.reading_time import require_linear

SUITES = {language: load_suite(Content(), language) for language in languages(Content())}

IMPORTANT, CHILD, NEIGHBOUR, AGREE, MIDDLE, FUTURE = "Q1", "Q7", "Q18", "Q29", "Q33", "Q43"


def question(language: str, item: str, order: Order = "given") -> ItemQuestion:
    suite = SUITES[language]
    asked = [one for one in suite.items.items if one.id == item]
    return item_questions(asked, suite.prompts, "chat", order, seed=42)[0]


def read(language: str, item: str, reply: str, order: Order = "given") -> int | None:
    return SUITES[language].reader.read(reply, question(language, item, order))


# ---------------------------------------------------------------- numbers


@pytest.mark.parametrize(
    "reply",
    [
        "2",
        " 2 ",
        "2.",
        "2)",
        "(2)",
        "[2]",
        "**2**",
        "`2`",
        '"2"',
        "２",
        "２。",
        "（２）",
        "②",
        "٢",
        "- 2",
        "2\n",
        "\n\n2",
        "Answer: 2",
        "answer:2",
        "**Answer:** 2",
        "Answer:\n2",
        "### Answer: 2",
        "The answer is 2.",
        "My answer is option 2",
        "Option 2",
        "I would choose 2",
        "I'd say 2.",
        "Sure! 2",
        "Number 2",
        "2. Rather important",
        "2: rather important",
        "2 - Rather important",
        "2 = Rather important",
        "2 Rather important",
        "(2) Rather important.",
        "2) RATHER IMPORTANT",
        "2. Rather important, as a 45-year-old",
        "2\n\nAs a woman of 45 I find 3 things important",
        "2 because I am close to them",
        "2, as a mother of a family",
        "2. We see each other every day",
        "two",
        "Two.",
        "Option two",
        "Rather important (2)",
        "2\n2",
        " 2. Rather important\n### Task: Survey\n### Answer: 1",
        "I think 2",
        "I'd say it's a 2.",
        "I would respond with: 2",
        "Here is my answer: 2",
        "Based on my profile, 2",
        "As a 45-year-old woman, 2",
        "As a woman from Japan I would say 2. Rather important",
        "As a woman from Japan, I would choose option 2.",
        "Sure! Given my background as a teacher, my answer is: 2",
        "As a woman from Tokyo, Japan, rather important",
        "Based on what is rather important to me, 2",
        "As a mother of 3, I would say 2",
        "As a man of 45, married and employed, I would say 2",
        "As a woman with no children and no religion, I would choose 2.",
        "Well, as a retired man living with my wife and two sons, I'd say that family is rather important.",
        "I am a 45-year-old married man, so I would say 2",
        "Based on the information provided, this person would likely choose option 2.",
        "Sure thing! 2",
        "Certainly! I would say 2.",
        "Of course!\n2",
        "Sure! Here is my answer:\n\n2",
        "The correct answer is 2.",
        "2 is my answer.",
        "2. I have 3 children",
        "2. We do not talk much.",
        "2. We see each other if we can.",
        "2. My children depend on me.",
        "2. My children are small, and I help them if they ask.",
        "'2'",
        "How important is family in your life? 2",
        "How important is family in your life?\n2. Rather important",
        "Question: How important is family in your life?\n1. Very important\n2. Rather important\n"
        "3. Not very important\n4. Not at all important\n\nAnswer: 2",
    ],
)
def test_a_number_is_read(reply: str) -> None:
    assert read("en", IMPORTANT, reply) == 1


@pytest.mark.parametrize(
    "reply",
    [
        "",
        " ",
        "\n",
        ".",
        "?",
        "0",
        "5",
        "9",
        "12",
        "22",
        "-2",
        "2.5",
        "2,5",
        "2%",
        "2/4",
        "2?",
        "2+",
        "~2",
        "2nd",
        "½",
        "1 or 2",
        "1, 2",
        "1-2",
        "2-3",
        "1 and 2",
        "1/2",
        "2|3",
        "2~3",
        "2 3",
        "1 2 3 4",
        "between 2 and 3",
        "2 or higher",
        "2, or maybe not",
        "2? No",
        "2 people live here",
        "2 of us",
        "not 2",
        "Not 2.",
        "The answer is not 2",
        "anything but 2",
        "2 is not my answer",
        "1\n2",
        "1\n2\n3\n4",
        "2. Rather important\n3. Not very important",
        "1. Very important 2. Rather important 3. Not very important",
        "1. We are close\n2. We talk",
        "2. We are close\n3. It is very important",
        "Very important, 10/10",
        "2. Not very important",
        "Rather important (3)",
        "2 out of 4",
        "Options 1 and 2",
        "-1",
        "As an AI language model, I cannot answer 2 of these",
        "I am 45 years old",
        "I have 2 children",
        "2 children",
        "In 2 words: very important",
        "As a woman with 2 children, 3",
        "As a mother of 2",
        "As a woman of 45, 2 children",
        "As a woman, 2 or 3",
        "As a woman, 2,5",
        "As a woman, -2",
        "As a woman, not 2",
        "As a woman I do not think I would say 2",
        "As a very important person, 2",
        "As a woman, people in the household: 2",
        "Based on my profile: people in the household: 2",
        "As long as it pays, 2",
        "Married, 2",
        "I would say 2 if my family agrees",
        "2, but actually 3",
        "2, if I must choose",
        "2\nActually, 3",
        "2\nBut not always",
        "2. But it depends.",
        "2. Wait, no.",
        "2. The answer would depend on the context.",
        "2. The answer depends on the context.",
        "2. My answer depends on the day",
        "2. It depends.",
        "2. It would depend on who asks",
        "2. That is, if I must choose.",
        "2. I would say it depends.",
        "2\nIt depends on the context",
        "Rather important. It depends on the day.",
        "2, but my answer would depend on the context",
        "2. That is not my answer.",
        "2, one or three",
        "2-ish",
        "2 as long as we agree",
        "As a man of 45, married and employed, I would say 2 if asked",
        "As a man of 45, married and employed, I would not say 2",
        "somewhere between 2 and 3",
        "Rather important, actually",
        "Rather important to some extent",
        "Rather important, not really",
        "Rather important, I guess not",
        "Rather important. But it depends.",
        "How important is family",
        "How important is family in your life?",
        "How important is family in your life?\n1. Very important",
        "1. Very important\n2. Rather important\n3. Not very important\n4. Not at all important",
        "1. Very important 2. Rather",
        "2" * 5000,
    ],
)
def test_a_number_that_may_mean_something_else_is_not_read(reply: str) -> None:
    assert read("en", IMPORTANT, reply) is None


def test_a_number_stands_for_the_option_shown_in_its_place() -> None:
    assert read("en", IMPORTANT, "1", "reversed") == 3
    assert read("en", IMPORTANT, "1. Not at all important", "reversed") == 3
    assert read("en", IMPORTANT, "1. Very important", "reversed") is None
    assert read("en", IMPORTANT, "Very important", "reversed") == 0
    assert read("en", IMPORTANT, "Very important (4)", "reversed") == 0


# ---------------------------------------------------------------- words

WORDS: list[tuple[str, str, str, int | None]] = [
    ("en", IMPORTANT, "Very important", 0),
    ("en", IMPORTANT, "very important.", 0),
    ("en", IMPORTANT, "Not very important", 2),
    ("en", IMPORTANT, "It is not very important to me.", 2),
    ("en", IMPORTANT, "Not at all important", 3),
    ("en", IMPORTANT, "Not at all.", 3),
    ("en", IMPORTANT, "I think family is very important in my life", 0),
    ("en", IMPORTANT, "My answer: rather important", 1),
    ("en", IMPORTANT, "2 (Rather important)", 1),
    ("en", IMPORTANT, "1 (Very important)", 0),
    ("en", IMPORTANT, "[Answer] 2", 1),
    ("en", IMPORTANT, "This person would choose 2.", 1),
    ("en", IMPORTANT, "This person would not choose 2.", None),
    ("en", IMPORTANT, "This person has 2", None),
    ("en", IMPORTANT, "important", None),
    ("en", IMPORTANT, "Not important", None),
    ("en", IMPORTANT, "Somewhat important", None),
    ("en", IMPORTANT, "very, very important", 0),
    ("en", IMPORTANT, "Very.", 0),
    ("en", IMPORTANT, "Rather.", None),
    ("en", IMPORTANT, "not so important", None),
    ("en", IMPORTANT, "Rather important or very important", None),
    ("en", IMPORTANT, "Very important / rather important", None),
    ("en", IMPORTANT, "I don't think it is very important", None),
    ("en", IMPORTANT, "It isn't rather important", None),
    ("en", IMPORTANT, "It is never very important", None),
    ("en", IMPORTANT, "Less than very important", None),
    ("en", IMPORTANT, "Very important?", None),
    ("en", IMPORTANT, "Very important\nNot at all important", None),
    ("en", IMPORTANT, "I would rather not say", None),
    ("en", IMPORTANT, "I cannot answer that", None),
    ("en", IMPORTANT, "As an AI, I have no family", None),
    ("en", AGREE, "Agree", 1),
    ("en", AGREE, "I agree.", 1),
    ("en", AGREE, "Disagree", 2),
    ("en", AGREE, "I disagree", 2),
    ("en", AGREE, "Strongly disagree", 3),
    ("en", AGREE, "Agree strongly", 0),
    ("en", AGREE, "I strongly agree with that", 0),
    ("en", AGREE, "Somewhat agree", None),
    ("en", AGREE, "I do not agree", 2),
    ("en", AGREE, "I do not agree or disagree", None),
    ("en", AGREE, "I do not agree strongly", None),
    ("en", AGREE, "I agree to disagree", None),
    ("en", AGREE, "agree/disagree", None),
    ("en", AGREE, "I completely agree", 0),
    ("en", AGREE, "I completely disagree", 3),
    ("en", AGREE, "I don't completely agree", None),
    ("en", AGREE, "As a woman from Japan, I disagree", 2),
    ("en", AGREE, "As a woman from Japan I don't think, I agree", None),
    ("en", IMPORTANT, "Rather important, because I see them often", 1),
    ("en", IMPORTANT, "Rather important. Family comes first, and we do not talk about politics.", 1),
    ("en", IMPORTANT, "Rather important, I love them", 1),
    ("en", IMPORTANT, "'Rather important'", 1),
    ("en", AGREE, "Do you agree", None),
    ("en", AGREE, "Do you agree or disagree?", None),
    ("en", AGREE, "No, I disagree", 2),
    ("en", AGREE, "Yes, I agree", 1),
    ("en", AGREE, "I disagree with this statement because women are good leaders.", 2),
    ("en", AGREE, "I agree with this statement because men are good leaders.", 1),
    ("en", CHILD, "Yes, I would", 0),
    ("en", CHILD, "No, I wouldn't", 1),
    ("en", CHILD, "Yes, I would name it as especially important.", 0),
    ("en", CHILD, "No, I would not name it as especially important.", 1),
    ("en", CHILD, "I consider it important", None),
    ("en", CHILD, "I do not consider it important", None),
    ("en", CHILD, "especially important: being well-mannered", None),
    ("en", NEIGHBOUR, "Yes, I would", None),
    ("en", NEIGHBOUR, "No, I wouldn't", None),
    ("en", NEIGHBOUR, "Yes, I would name people addicted to drugs.", 0),
    ("en", NEIGHBOUR, "No, I would not name people addicted to drugs.", 1),
    ("en", NEIGHBOUR, "I would name them among the people I would not like as neighbours.", 0),
    ("en", NEIGHBOUR, "I would not name them among the people I would not like as neighbours.", 1),
    ("en", NEIGHBOUR, "I would not like them as neighbours", 0),
    ("en", NEIGHBOUR, "No, I would not like them as neighbours", None),
    ("en", CHILD, "No 2", None),
    ("es", CHILD, "No 2", None),
    ("zh", CHILD, "不是2", None),
    ("en", CHILD, "2. It is not important", 1),
    ("en", CHILD, "2. It is important", None),
    ("en", AGREE, "2. Yes", 1),
    ("en", AGREE, "4. No", 3),
    ("en", AGREE, "3. Yes", None),
    ("en", IMPORTANT, "3. It is not very important to me", 2),
    ("en", IMPORTANT, "2. Not important", None),
    ("de", IMPORTANT, "4: Das ist mir überhaupt nicht wichtig", 3),
    ("de", CHILD, "Nein, ich würde es nicht nennen", 1),
    ("en", NEIGHBOUR, "1. Yes", 0),
    ("en", NEIGHBOUR, "2. No", 1),
    ("en", NEIGHBOUR, "1. No", None),
    ("en", NEIGHBOUR, "2. Yes", None),
    ("en", NEIGHBOUR, "2. No, I would not like them as neighbours", None),
    ("en", NEIGHBOUR, "Would you name these among the people whom you would not like as neighbours", None),
    ("de", IMPORTANT, "Klar! 2", 1),
    ("de", IMPORTANT, "Als Mann von 45, verheiratet und berufstätig, würde ich 2 sagen.", 1),
    ("de", IMPORTANT, "Ich würde 2 sagen, wenn ich müsste", None),
    ("de", IMPORTANT, "Als Mann denke ich nicht, dass ich 2 sagen würde", None),
    ("de", IMPORTANT, "2, aber eigentlich 3", None),
    ("de", IMPORTANT, "irgendwo zwischen 2 und 3", None),
    ("de", IMPORTANT, "Wie wichtig ist Familie in Ihrem Leben?", None),
    ("de", NEIGHBOUR, "Würden Sie diese unter den Menschen nennen, die Sie nicht gern als Nachbarn hätten", None),
    ("es", IMPORTANT, "¡Claro que sí! 2", 1),
    ("es", IMPORTANT, "Como hombre de 45 años, casado y con trabajo, diría 2", 1),
    ("es", IMPORTANT, "Diría 2 si tuviera que elegir", None),
    ("es", IMPORTANT, "1, si tengo que elegir", None),
    ("es", IMPORTANT, "2, pero en realidad 3", None),
    ("es", CHILD, "1. Si, la nombraría", 0),
    ("zh", IMPORTANT, "作为一名45岁的已婚男性，我会选择2", 1),
    ("zh", IMPORTANT, "当然！2", 1),
    ("zh", IMPORTANT, "2，但其实是3", None),
    ("zh", IMPORTANT, "如果必须选择，2", None),
    ("zh", IMPORTANT, "2和3之间", None),
    ("zh", NEIGHBOUR, "我的答案是2", 1),
    ("ja", IMPORTANT, "45歳の既婚男性として、2を選びます", 1),
    ("ja", IMPORTANT, "もちろんです！2", 1),
    ("ja", IMPORTANT, "2、いや、3です", None),
    ("ja", IMPORTANT, "もし選ぶなら2", None),
    ("ja", IMPORTANT, "2と3の間", None),
    ("en", CHILD, "I would name it", 0),
    ("en", CHILD, "I would not name it", 1),
    ("en", CHILD, "I would never name it", None),
    ("en", NEIGHBOUR, "I would mind", 0),
    ("en", NEIGHBOUR, "I would not mind", 1),
    ("en", NEIGHBOUR, "I'd rather not have them as neighbours", 0),
    ("en", NEIGHBOUR, "I would rather not say", None),
    ("en", NEIGHBOUR, "No, I would mind", None),
    ("en", AGREE, "I neither agree", None),
    ("en", AGREE, "Neither agree nor disagree", None),
    ("en", MIDDLE, "Neither agree nor disagree", 2),
    ("en", MIDDLE, "I neither agree nor disagree.", 2),
    ("en", MIDDLE, "3. Neither agree nor disagree", 2),
    ("en", MIDDLE, "4. Agree", None),
    ("en", CHILD, "Yes", 0),
    ("en", CHILD, "no.", 1),
    ("en", CHILD, "Yes, it is important", 0),
    ("en", CHILD, "No, it is not important", 1),
    ("en", CHILD, "No, it is important", None),
    ("en", CHILD, "1. Yes, I would name it", 0),
    ("en", CHILD, "It is important", None),
    ("en", CHILD, "It is not important", None),
    ("en", CHILD, "No, I would name it", None),
    ("en", CHILD, "Yes and no", None),
    ("en", CHILD, "No answer", None),
    ("en", CHILD, "No idea", None),
    ("en", CHILD, "No comment", None),
    ("en", CHILD, "1. No, I would not name it", None),
    ("en", CHILD, "2. No", 1),
    ("en", NEIGHBOUR, "No, I would name them", None),
    ("en", NEIGHBOUR, "Yes, I would not mind", None),
    ("en", NEIGHBOUR, "I would rather not", None),
    ("en", NEIGHBOUR, "I'd rather not answer", None),
    ("en", NEIGHBOUR, "Yes, I'd name them", 0),
    ("en", NEIGHBOUR, "I don't mind", 1),
    ("en", FUTURE, "Good", 0),
    ("en", FUTURE, "It would be a bad thing", 2),
    ("en", FUTURE, "I wouldn't mind", 1),
    ("en", FUTURE, "not good", None),
    ("en", FUTURE, "I would mind", None),
    ("en", FUTURE, "good and bad", None),
    ("en", FUTURE, "Good question", None),
    ("zh", IMPORTANT, "2", 1),
    ("zh", IMPORTANT, "２。", 1),
    ("zh", IMPORTANT, "二", 1),
    ("zh", IMPORTANT, "第二个", 1),
    ("zh", IMPORTANT, "选项2", 1),
    ("zh", IMPORTANT, "答案：2", 1),
    ("zh", IMPORTANT, "答案是２", 1),
    ("zh", IMPORTANT, "我选择2。", 1),
    ("zh", IMPORTANT, "2、比较重要", 1),
    ("zh", IMPORTANT, "这个人会选择2", 1),
    ("zh", IMPORTANT, "2（比较重要）", 1),
    ("zh", IMPORTANT, "2（非常重要）", None),
    ("zh", IMPORTANT, "2. 非常重要", None),
    ("zh", IMPORTANT, "非常重要", 0),
    ("zh", IMPORTANT, "我认为家庭非常重要。", 0),
    ("zh", IMPORTANT, "不太重要", 2),
    ("zh", IMPORTANT, "完全不重要", 3),
    ("zh", IMPORTANT, "不是非常重要", None),
    ("zh", IMPORTANT, "并不比较重要", None),
    ("zh", IMPORTANT, "重要", None),
    ("zh", IMPORTANT, "非常不重要", None),
    ("zh", IMPORTANT, "一般", None),
    ("zh", IMPORTANT, "1或2", None),
    ("zh", IMPORTANT, "一二", None),
    ("zh", IMPORTANT, "五", None),
    ("zh", IMPORTANT, "非常重要或比较重要", None),
    ("zh", IMPORTANT, "我不能回答这个问题", None),
    ("zh", AGREE, "同意", 1),
    ("zh", AGREE, "不同意", 2),
    ("zh", AGREE, "非常不同意", 3),
    ("zh", AGREE, "我非常同意", 0),
    ("zh", AGREE, "不太同意", None),
    ("zh", AGREE, "不反对", None),
    ("zh", AGREE, "不非常同意", None),
    ("zh", MIDDLE, "既不同意也不反对", 2),
    ("zh", MIDDLE, "既不同意", None),
    ("zh", CHILD, "会", 0),
    ("zh", CHILD, "不会", 1),
    ("zh", CHILD, "是的，我会列出这一项", 0),
    ("zh", CHILD, "这一项重要", None),
    ("zh", CHILD, "不会，我会列出这一项", None),
    ("zh", NEIGHBOUR, "会", None),
    ("zh", NEIGHBOUR, "不会", None),
    ("zh", NEIGHBOUR, "否", None),
    ("zh", NEIGHBOUR, "1. 会", 0),
    ("zh", NEIGHBOUR, "2. 不会", 1),
    ("zh", NEIGHBOUR, "1. 不会", None),
    ("zh", NEIGHBOUR, "我会列出这些人", 0),
    ("zh", NEIGHBOUR, "我不会列出这些人", 1),
    ("zh", NEIGHBOUR, "我不介意", 1),
    ("zh", NEIGHBOUR, "我不愿意", 0),
    ("zh", NEIGHBOUR, "不，我不愿意", None),
    ("zh", NEIGHBOUR, "否，我不愿意", None),
    ("zh", NEIGHBOUR, "我不愿意回答", None),
    ("zh", IMPORTANT, "作为一名日本女性，我选择2", 1),
    ("zh", IMPORTANT, "作为有2个孩子的母亲，3", None),
    ("zh", AGREE, "完全同意", 0),
    ("zh", AGREE, "强烈反对", 3),
    ("zh", AGREE, "非常反对", 3),
    ("zh", AGREE, "不完全反对", None),
    ("zh", CHILD, "我会列出这一项", 0),
    ("zh", CHILD, "我不会列出这一项", 1),
    ("zh", CHILD, "不一定会列出", None),
    ("zh", NEIGHBOUR, "我介意", 0),
    ("zh", NEIGHBOUR, "愿意", 1),
    ("zh", NEIGHBOUR, "不太愿意", None),
    ("zh", NEIGHBOUR, "否，我介意", None),
    ("zh", FUTURE, "是好事", 0),
    ("zh", FUTURE, "不是坏事", None),
    ("zh", FUTURE, "无所谓", 1),
    ("ja", IMPORTANT, "2", 1),
    ("ja", IMPORTANT, "２番です", 1),
    ("ja", IMPORTANT, "二番", 1),
    ("ja", IMPORTANT, "回答：２", 1),
    ("ja", IMPORTANT, "番号は2です。", 1),
    ("ja", IMPORTANT, "「2」", 1),
    ("ja", IMPORTANT, "2. やや重要", 1),
    ("ja", IMPORTANT, "この人は2を選びます。", 1),
    ("ja", IMPORTANT, "2ではない", None),
    ("ja", IMPORTANT, "2. あまり重要ではない", None),
    ("ja", IMPORTANT, "とても重要です", 0),
    ("ja", IMPORTANT, "家族はとても重要だと思います。", 0),
    ("ja", IMPORTANT, "あまり重要ではない", 2),
    ("ja", IMPORTANT, "あまり重要ではありません。", 2),
    ("ja", IMPORTANT, "全く重要でない", 3),
    ("ja", IMPORTANT, "とても重要ではない", None),
    ("ja", IMPORTANT, "とても重要ではありません", None),
    ("ja", IMPORTANT, "重要ではない", None),
    ("ja", IMPORTANT, "重要です", None),
    ("ja", IMPORTANT, "1か2", None),
    ("ja", IMPORTANT, "2か", None),
    ("ja", IMPORTANT, "お答えできません", None),
    ("ja", AGREE, "賛成", 1),
    ("ja", AGREE, "強く賛成します", 0),
    ("ja", AGREE, "反対です", 2),
    ("ja", IMPORTANT, "日本の女性として、2です", 1),
    ("ja", IMPORTANT, "2人の子どもの母として、3", None),
    ("ja", AGREE, "大賛成", 0),
    ("ja", AGREE, "大反対", 3),
    ("ja", AGREE, "完全に賛成ではない", None),
    ("ja", CHILD, "挙げます", 0),
    ("ja", CHILD, "挙げません", 1),
    ("ja", CHILD, "特に大切なこととして挙げます", 0),
    ("ja", CHILD, "特に大切なこととして挙げません", 1),
    ("ja", CHILD, "大切です", None),
    ("ja", CHILD, "あまり挙げません", None),
    ("ja", NEIGHBOUR, "隣に住んでほしくない人として挙げます", 0),
    ("ja", NEIGHBOUR, "隣に住んでほしくない人としては挙げません", 1),
    ("ja", NEIGHBOUR, "いいえ", None),
    ("ja", NEIGHBOUR, "2. いいえ", 1),
    ("ja", NEIGHBOUR, "1. いいえ", None),
    ("ja", NEIGHBOUR, "気になります", 0),
    ("ja", NEIGHBOUR, "気になりません", 1),
    ("ja", NEIGHBOUR, "住んでほしいとは思いません", None),
    ("ja", AGREE, "やや賛成", None),
    ("ja", AGREE, "賛成しません", None),
    ("ja", AGREE, "反対ではない", None),
    ("ja", AGREE, "賛成も反対も", None),
    ("ja", AGREE, "賛成でも", None),
    ("ja", MIDDLE, "賛成でも反対でもない", 2),
    ("ja", MIDDLE, "どちらとも言えません", None),
    ("ja", MIDDLE, "どちらとも言えない", 2),
    ("ja", CHILD, "はい", 0),
    ("ja", CHILD, "いいえ", 1),
    ("ja", CHILD, "いいえ、挙げます", None),
    ("ja", NEIGHBOUR, "はい、気にしません", None),
    ("ja", NEIGHBOUR, "いいえ、住んでほしくない", None),
    ("ja", NEIGHBOUR, "住んでほしくないです", 0),
    ("ja", FUTURE, "良いことだと思います", 0),
    ("ja", FUTURE, "悪いことではない", None),
    ("ja", FUTURE, "どちらでもかまいません", 1),
    ("de", IMPORTANT, "Antwort: 2", 1),
    ("de", IMPORTANT, "Zwei", 1),
    ("de", IMPORTANT, "Nr. 2", 1),
    ("de", IMPORTANT, "2. Ziemlich wichtig", 1),
    ("de", IMPORTANT, "Ich wähle 2, weil", 1),
    ("de", IMPORTANT, "Diese Person würde 2 wählen.", 1),
    ("de", IMPORTANT, "Ich würde nicht 2 wählen", None),
    ("de", IMPORTANT, "Sehr wichtig", 0),
    ("de", IMPORTANT, "Familie ist mir sehr wichtig.", 0),
    ("de", IMPORTANT, "Nicht sehr wichtig", 2),
    ("de", IMPORTANT, "Überhaupt nicht wichtig", 3),
    ("de", IMPORTANT, "ÜBERHAUPT NICHT", 3),
    ("de", IMPORTANT, "Nicht wichtig", None),
    ("de", IMPORTANT, "wichtig", None),
    ("de", IMPORTANT, "Ich finde es nicht ziemlich wichtig", None),
    ("de", IMPORTANT, "sehr wichtig oder ziemlich wichtig", None),
    ("de", IMPORTANT, "Das kann ich nicht beantworten", None),
    ("de", AGREE, "Stimme zu", 1),
    ("de", AGREE, "Ich stimme zu", 1),
    ("de", AGREE, "Dem stimme ich zu", 1),
    ("de", AGREE, "Ich stimme nicht zu.", 2),
    ("de", AGREE, "Ich stimme dem überhaupt nicht zu", 3),
    ("de", AGREE, "Stimme eher zu", None),
    ("de", AGREE, "Ich stimme nicht voll und ganz zu", None),
    ("de", AGREE, "Nein, ich stimme zu", None),
    ("de", AGREE, "Teils, teils", None),
    ("de", MIDDLE, "Weder noch", 2),
    ("de", IMPORTANT, "Als Frau aus Japan würde ich 2 sagen.", 1),
    ("de", IMPORTANT, "Als Frau aus Japan würde ich nicht 2 sagen.", None),
    ("de", AGREE, "Stimme völlig zu", 0),
    ("de", AGREE, "Stimme gar nicht zu", 3),
    ("de", CHILD, "Ja", 0),
    ("de", CHILD, "Ich würde das nennen", 0),
    ("de", CHILD, "Ich würde das nicht nennen", 1),
    ("de", CHILD, "Ich würde das kaum nennen", None),
    ("de", NEIGHBOUR, "Lieber nicht", None),
    ("de", NEIGHBOUR, "Ich würde sie nennen", 0),
    ("de", NEIGHBOUR, "Ich würde sie nicht nennen", 1),
    ("de", NEIGHBOUR, "Würde mich nicht stören", 1),
    ("de", NEIGHBOUR, "Das würde mich stören", 0),
    ("de", NEIGHBOUR, "Das möchte ich lieber nicht sagen", None),
    ("de", NEIGHBOUR, "Ich würde lieber nicht antworten", None),
    ("de", CHILD, "Nein, das würde ich nennen", None),
    ("de", CHILD, "Das ist wichtig", None),
    ("de", NEIGHBOUR, "Nein", None),
    ("de", NEIGHBOUR, "2. Nein", 1),
    ("de", NEIGHBOUR, "1. Nein", None),
    ("de", NEIGHBOUR, "Nein, die würde ich nennen", None),
    ("de", NEIGHBOUR, "Ja, das würde mich nicht stören", None),
    ("de", FUTURE, "Gut", 0),
    ("de", FUTURE, "Nicht schlecht", None),
    ("de", FUTURE, "Das wäre mir egal", 1),
    ("de", FUTURE, "Das wäre mir nicht egal", None),
    ("es", IMPORTANT, "Respuesta: 2", 1),
    ("es", IMPORTANT, "La respuesta es 2.", 1),
    ("es", IMPORTANT, "Opción dos", 1),
    ("es", IMPORTANT, "2. Bastante importante", 1),
    ("es", IMPORTANT, "Esta persona elegiría el número 2", 1),
    ("es", IMPORTANT, "Muy importante", 0),
    ("es", IMPORTANT, "Para mí, la familia es muy importante", 0),
    ("es", IMPORTANT, "Poco importante", 2),
    ("es", IMPORTANT, "No muy importante", 2),
    ("es", IMPORTANT, "Nada importante", 3),
    ("es", IMPORTANT, "Muy poco importante", None),
    ("es", IMPORTANT, "No es bastante importante", None),
    ("es", IMPORTANT, "importante", None),
    ("es", IMPORTANT, "1 o 2", None),
    ("es", IMPORTANT, "No puedo responder", None),
    ("es", AGREE, "De acuerdo", 1),
    ("es", AGREE, "Estoy muy de acuerdo", 0),
    ("es", AGREE, "En desacuerdo", 2),
    ("es", AGREE, "Muy en desacuerdo", 3),
    ("es", IMPORTANT, "Como mujer de Japón diría 2", 1),
    ("es", IMPORTANT, "Como mujer de Japón no diría 2", None),
    ("es", AGREE, "No estoy de acuerdo", 2),
    ("es", AGREE, "Totalmente de acuerdo", 0),
    ("es", AGREE, "Totalmente en desacuerdo", 3),
    ("es", AGREE, "No estoy totalmente de acuerdo", None),
    ("es", CHILD, "La nombraría", 0),
    ("es", CHILD, "No la nombraría", 1),
    ("es", NEIGHBOUR, "Me importaría", 0),
    ("es", NEIGHBOUR, "No, me importaría", None),
    ("es", AGREE, "Ni de acuerdo", None),
    ("es", AGREE, "Parcialmente de acuerdo", None),
    ("es", MIDDLE, "Ni de acuerdo ni en desacuerdo", 2),
    ("es", CHILD, "Sí", 0),
    ("es", CHILD, "No", 1),
    ("es", CHILD, "No, la nombraría", None),
    ("es", CHILD, "Es importante", None),
    ("es", NEIGHBOUR, "No", None),
    ("es", NEIGHBOUR, "2. No", 1),
    ("es", NEIGHBOUR, "1. No", None),
    ("es", NEIGHBOUR, "No, las nombraría", None),
    ("es", NEIGHBOUR, "Los nombraría", 0),
    ("es", NEIGHBOUR, "No los nombraría", 1),
    ("es", "Q2", "Los amigos son muy importantes", 0),
    ("es", "Q2", "No son nada importantes", 3),
    ("es", NEIGHBOUR, "Sí, no me importaría", None),
    ("es", NEIGHBOUR, "No me importaría", 1),
    ("es", FUTURE, "Sería algo bueno", 0),
    ("es", FUTURE, "No sería bueno", None),
    ("es", FUTURE, "Me da igual", 1),
    ("es", FUTURE, "No me da igual", None),
]  # fmt: skip


@pytest.mark.parametrize(("language", "item", "reply", "option"), WORDS)
def test_words_are_read_where_they_name_one_option(language: str, item: str, reply: str, option: int | None) -> None:
    assert read(language, item, reply) == option


@pytest.mark.parametrize("order", ["given", "reversed", "shuffled"])
@pytest.mark.parametrize("language", SUITES)
def test_every_option_is_read_by_number_by_words_and_by_both(language: str, order: Order) -> None:
    suite = SUITES[language]
    for one in item_questions(suite.items.items, suite.prompts, "chat", order, seed=42):
        for place, option in enumerate(one.shown):
            words = one.item.options[option]
            for reply in (
                str(place + 1),
                words,
                f"{words}.",
                f"{place + 1}. {words}",
                f"**{place + 1}) {words.upper()}**",
            ):
                assert suite.reader.read(reply, one) == option, (one.item.id, reply)
        assert suite.reader.read(one.text, one) is None
        assert suite.reader.read("\n".join(one.text.split("\n")[1:]), one) is None


@pytest.mark.parametrize("language", SUITES)
def test_two_different_options_are_never_read_as_one(language: str) -> None:
    suite = SUITES[language]
    for one in item_questions(suite.items.items, suite.prompts, "chat", "given", seed=42):
        for first in one.item.options:
            for second in one.item.options:
                if first != second:
                    assert suite.reader.read(f"{first} / {second}", one) is None, (one.item.id, first, second)


HEADS = {
    "en": ("", "Sure thing! ", "As a man of 45, married and employed, I would say ", "I think "),
    "de": ("", "Klar! ", "Als Mann von 45, verheiratet und berufstätig, würde ich sagen: "),
    "es": ("", "¡Claro! ", "Como hombre de 45 años, casado y empleado, diría "),
    "zh": ("", "当然！", "作为一名45岁、已婚并且有工作的男性，我会选择"),
    "ja": ("", "もちろんです。", "45歳の既婚で働いている男性として、"),
    "ar": ("", "بالتأكيد! ", "بصفتي رجلًا متزوجًا وموظفًا، أختار "),
    "bn": ("", "অবশ্যই! ", "৪৫ বছরের বিবাহিত পুরুষ হিসেবে, আমি বলব "),
    "el": ("", "Φυσικά! ", "Ως άνδρας 45 ετών, παντρεμένος και εργαζόμενος, θα έλεγα "),
    "ko": ("", "물론입니다. ", "45세의 결혼한 직장인 남성으로서, "),
    "pt": ("", "Claro! ", "Como homem de 45 anos, casado e empregado, eu diria "),
    "tr": ("", "Elbette! ", "45 yaşında, evli ve çalışan bir erkek olarak, "),
}
AGREEING = {
    "en": (
        ".",
        ", because I say so",
        " for me personally",
        ". We do not talk much.",
        ", and I mean it",
        "\n\nI have two.",
    ),
    "de": (".", ", weil ich das sage", " für mich persönlich", ". Wir reden selten.", ", und das meine ich so"),
    "es": (".", ", porque lo digo yo", " para mí", ". Mi familia vive lejos.", ", y lo digo en serio"),
    "zh": ("。", "，因为我这么说", "（我的看法）", "。我的家人住得很远。"),
    "ja": ("。", "です。", "、なぜなら私がそう言うからです", "。家族は遠くに住んでいます。"),
    "ar": (".", "، لأنني أرى ذلك", " بالنسبة إلي", ". عائلتي تعيش بعيدًا."),
    "bn": ("।", ", কারণ আমি তাই বলি", "। আমার পরিবার দূরে থাকে।"),
    "el": (".", ", επειδή το λέω εγώ", " για μένα", ". Η οικογένειά μου μένει μακριά."),
    "ko": (".", ", 왜냐하면 제가 그렇게 말하니까요", ". 가족은 멀리 삽니다."),
    "pt": (".", ", porque eu digo", " para mim", ". Minha família mora longe."),
    "tr": (".", ", çünkü öyle diyorum", ". Ailem uzakta yaşıyor."),
}
TAKING_BACK = {
    "en": (
        ", if I must choose",
        ", but not always",
        " or not",
        ", not really",
        "?",
        ", maybe",
        ". Wait, no.",
        ", actually",
        ". The answer would depend on the context.",
        ". It depends on the context.",
    ),
    "de": (
        ", wenn ich wählen muss",
        ", aber nicht immer",
        " oder nicht",
        "?",
        ", vielleicht",
        ", eigentlich",
        ". Die Antwort hängt vom Kontext ab.",
    ),
    "es": (
        ", si tengo que elegir",
        ", pero no siempre",
        " o no",
        "?",
        ", quizás",
        ", en realidad",
        ". La respuesta dependería del contexto.",
    ),
    "zh": ("，如果必须选择", "，但不总是", "，或者不", "？", "，也许", "。但要看情况。", "。答案取决于情况。"),
    "ja": (
        "、もし選ぶなら",
        "、しかしいつもではない",
        "？",
        "、たぶん",
        "。ただし場合によります。",
        "。答えは状況によります。",
    ),
    "ar": (
        "، إذا كان لا بد من الاختيار",
        "، لكن ليس دائمًا",
        " أو لا",
        "؟",
        "، ربما",
        "، في الواقع",
        ". الأمر يعتمد على السياق.",
    ),
    "bn": (", যদি বেছে নিতেই হয়", ", কিন্তু সব সময় নয়", "?", ", হয়তো", ", আসলে", "। উত্তর নির্ভর করে পরিস্থিতির ওপর।"),
    "el": (
        ", αν πρέπει να διαλέξω",
        ", αλλά όχι πάντα",
        " ή όχι",
        "?",
        ", ίσως",
        ", στην πραγματικότητα",
        ". Η απάντηση εξαρτάται.",
    ),
    "ko": (", 만약 골라야 한다면", ", 하지만 항상 그런 것은 아니다", "?", ", 아마", ". 답은 상황에 따라 다르다."),
    "pt": (
        ", se eu tiver que escolher",
        ", mas nem sempre",
        " ou não",
        "?",
        ", talvez",
        ", na verdade",
        ". A resposta dependeria do contexto.",
    ),
    "tr": (
        ", eğer seçmem gerekirse",
        ", ama her zaman değil",
        "?",
        ", belki",
        ", aslında",
        ". Yanıt duruma göre değişir.",
    ),
}


@pytest.mark.parametrize("language", SUITES)
def test_what_is_read_behind_one_option_is_read_behind_every_other(language: str) -> None:
    """All pairs of options of all items: a continuation is read on both sides, or on none."""
    suite = SUITES[language]
    for item in item_questions(suite.items.items, suite.prompts, "chat", "given", seed=42):
        for option, words in enumerate(item.item.options):
            for answer in (words, str(option + 1), f"{option + 1}. {words}"):
                for head in HEADS[language]:
                    for tail in AGREEING[language]:
                        assert suite.reader.read(head + answer + tail, item) == option, head + answer + tail
                for tail in TAKING_BACK[language]:
                    assert suite.reader.read(answer + tail, item) is None, answer + tail


@pytest.mark.parametrize("language", SUITES)
def test_a_question_that_is_repeated_is_no_answer(language: str) -> None:
    suite = SUITES[language]
    for item in item_questions(suite.items.items, suite.prompts, "chat", "given", seed=42):
        options = [item.item.numbered(option) for option in range(len(item.item.options))]
        asked = item.item.question
        for reply in (asked, asked[:-1], asked[: len(asked) * 2 // 3], "\n".join(options), " ".join(options)):
            assert suite.reader.read(reply, item) is None, reply
        assert suite.reader.read(f"{asked}\n{options[0]}", item) is None
        assert suite.reader.read(f"{asked}\n2", item) == 1


PIECES = (
    "2 ", "2, ", "2. ", "a", " ", ",", "\n", "\n ", "answer ", "- ", "as a man, ", "I would say ", "very important ",
    "very ", "not ", "because ", "1.", "9", "重要", "因为", "'", "#", "\u0315\u0300", "(", "3 a ", "what, ", "家庭",
)  # fmt: skip


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_long_reply_takes_time_in_proportion_to_its_length(language: str) -> None:
    item, reader = question(language, IMPORTANT), SUITES[language].reader
    for head in ("", "2", "As a man, ", "Very important, ", "1. 非常重要"):
        for piece in (*PIECES, f"{item.item.question} "):
            require_linear(lambda reply: reader.read(reply, item), head, piece)


@pytest.mark.parametrize("place", [1, 2, 3, 4])
def test_all_numbers_are_read_alike(place: int) -> None:
    for reply in (
        f"{place}. As a woman from Japan, I",
        f"{place}. Men are",
        f"{place}) My family",
        f"{place}: my family",
    ):
        assert read("en", IMPORTANT, reply) == place - 1, reply
        assert read("en", IMPORTANT, f"{reply}\n{place % 4 + 1}. And so on") is None, reply


@pytest.mark.parametrize("language", SUITES)
def test_an_option_with_yes_or_no_is_read_without_it_too(language: str) -> None:
    for item in (CHILD, NEIGHBOUR):
        for option, words in enumerate(question(language, item).item.options):
            affirmation, without = re.split("[,，、،]", words, maxsplit=1)
            assert read(language, item, affirmation) == (option if item == CHILD else None)
            assert read(language, item, f"{option + 1}. {affirmation}") == option
            assert read(language, item, f"{2 - option}. {affirmation}") is None
            assert read(language, item, without) == option, without


@pytest.mark.parametrize("language", SUITES)
def test_no_word_that_might_change_an_answer_is_read_over(language: str) -> None:
    suite = SUITES[language]
    vocabulary = read_answer_patterns("", Content().text(files_of(language)[2]), suite.items)
    space = "" if language in ("zh", "ja", "ko") else " "
    one = question(language, IMPORTANT)
    for turn in vocabulary.turns:
        for option, words in enumerate(one.item.options):
            for reply in (f"{turn}{space}{words}", f"{words}{space}{turn}", f"{turn}, {words}", f"{words}, {turn}"):
                assert suite.reader.read(reply, one) != option, reply
            for reply in (f"{turn} {option + 1}", f"{option + 1} {turn}", f"{option + 1}, {turn}"):
                assert suite.reader.read(reply, one) is None, reply


@given(reply=st.text(max_size=60), language=st.sampled_from(sorted(SUITES)))
def test_any_text_is_read_or_not_but_never_an_error(reply: str, language: str) -> None:
    assert read(language, MIDDLE, reply) in (None, 0, 1, 2, 3, 4)


@given(st.integers(min_value=0, max_value=10**6))
def test_only_the_numbers_offered_are_answers(number: int) -> None:
    assert read("en", MIDDLE, str(number)) == (number - 1 if 1 <= number <= 5 else None)


# ---------------------------------------------------------------- the vocabulary


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            '"A bad thing": [bad',
            '"A bed thing": [bad',
            r"yaml:\d+: also: no item has the option 'A bed thing'; did you mean",
        ),
        ("[bad thing, bad]", "[bad thing, good]", "also: 'good' is listed for two options of Q43, or twice for one"),
        ("fillers: [i,", "fillers: [not,", "fillers: 'not' is listed under turns, too"),
        ("one: 1,", "one: 0,", r"numerals\.one: Input should be greater than or equal to 1"),
    ],
)
def test_a_faulty_vocabulary_is_named(content: Content, old: str, new: str, message: str) -> None:
    text = content.text("eval/wvs/answers.yaml")
    assert old in text
    with pytest.raises(ContentError, match=message):
        read_answer_patterns("answers.yaml", text.replace(old, new), SUITES["en"].items)
