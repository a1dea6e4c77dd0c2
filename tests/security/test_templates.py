"""Templates are data: what a prompt or a chat template of a stranger tries, and the one line that refuses it."""

from __future__ import annotations

from contextlib import suppress

import pytest

from clca.content import template_bounds
from clca.content.prompts import Prompts
from clca.culture import CultureCatalogue
from clca.errors import ContentError
from clca.models.chat_template import ChatTemplate, ChatTemplateError
from tests.conftest import Overlay
from tests.models.students import student

PICKLE = "cos\\nsystem\\n(S'true'\\ntR."
MEBI = 1024 * 1024


def repeated(statements: str, times: int = 99_999) -> str:
    return f"{{% set n = namespace(a='a', l=[1], d=9) %}}{{% for i in range({times}) %}}{statements}{{% endfor %}}"


REACHING = {
    "the class of a text": "{{ ''.__class__ }}",
    "the subclasses of object": "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "an underscore by the filter attr": "{{ ''|attr('__class__') }}",
    "an underscore by a subscript": "{{ ''['__class__'] }}",
    "an underscore in a format": "{{ '{0.__class__}'.format(culture) }}",
    "an underscore in a format by attr": "{{ ('{0.__class__}'|attr('format'))('') }}",
    "an underscore by map": "{{ ['']|map(attribute='__class__')|first }}",
    "the globals of a function": "{{ range.__globals__ }}",
    "the globals of a macro": "{% macro m() %}{% endmacro %}{{ m.__call__.__globals__ }}",
    "the module of Jinja2's namespace": "{{ namespace.__init__.__globals__.os.system('id') }}",
    "the frame of a generator": "{{ (culture.customs|map('upper')).gi_frame.f_globals }}",
    "a pickle through Pydantic's parse_raw": "{{ culture.parse_raw('"
    + PICKLE
    + "', proto='pickle', allow_pickle=true) }}",
    "a file through Pydantic's parse_file": "{{ culture.parse_file('/etc/passwd') }}",
    "a method of a record": "{{ culture.model_dump_json() }}",
    "a class method of a record": "{{ culture.model_construct(name='x') }}",
    "a change of a list": "{{ culture.descriptors.append('x') }}",
    "a change of a mapping": "{{ {}.update({'a': 1}) }}",
    "a file by include": "{% include '/etc/passwd' %}",
    "a file by import": "{% import '/etc/passwd' as x %}",
    "texts by chance": "{{ lipsum(n=9) }}",
    "a text without tags, in the square of its length": "{{ ('<b>x</b>'|safe).striptags() }}",
    "a method of a record, for what is no JSON": "{{ namespace|tojson(default=culture.parse_raw) }}",
}
GROWING = {
    "a text times a number": "{{ 'a' * 10000000000 }}",
    "a number times a text": "{{ 10000000000 * 'a' }}",
    "a list times a number": "{{ [0] * 10000000000 }}",
    "a power": "{{ 10 ** 10000000000 }}",
    "a product of large numbers": repeated("{% set n.d = n.d * n.d %}", 99),
    "center as a filter": "{{ 'a'|center(10000000000) }}",
    "center as a filter by map": "{{ ['a']|map('center', 10000000000)|list }}",
    "ljust": "{{ 'a'.ljust(10000000000) }}",
    "zfill": "{{ 'a'.zfill(10000000000) }}",
    "expandtabs": "{{ ('\\t' * 100000).expandtabs(1000000) }}",
    "indent": "{{ ('a\\n' * 100000)|indent(1000000) }}",
    "a width in a format": "{{ '{:>10000000000}'.format(1) }}",
    "a width in a format of six digits, often": "{{ ('{0:>900000}' * 1000).format(1) }}",
    "a width as a value of a format": "{{ '{:{}}'.format(1, 10000000000) }}",
    "a width in a per cent": "{{ '%10000000000d' % 1 }}",
    "a width as a value of a per cent": "{{ '%*d' % (10000000000, 1) }}",
    "a width by the filter format": "{{ '%10000000000d'|format(1) }}",
    "a separator that is long": "{{ ('a' * 100000).join(range(100000)|map('string')) }}",
    "a replacement that is long": "{{ ('a' * 100000).replace('a', 'b' * 100000) }}",
    "a replacement that is long, by the filter": "{{ ('a' * 100000)|replace('a', 'b' * 100000) }}",
    "JSON with a wide indent": "{{ ['a']|tojson(indent=1000000000) }}",
    "batches that are filled": "{{ [1]|batch(1000000000, 'x')|list }}",
    "a text doubled by ~": repeated("{% set n.a = n.a ~ n.a %}", 60),
    "a text doubled by +": repeated("{% set n.a = n.a + n.a %}", 60),
    "a text doubled by blocks": "".join(
        f"{{% set a{n + 1} %}}{{{{ a{n} }}}}{{{{ a{n} }}}}{{% endset %}}" for n in range(60)
    ).replace("{{ a0 }}", "ab"),
    "a list of lists of lists": repeated("{% set n.l = [n.l, n.l] %}", 60) + "{{ n.l }}",
    "mappings of mappings, compared": repeated("{% set n.l = {1: n.l, 2: n.l} %}{% set n.d = {1: n.d, 2: n.d} %}", 60)
    + "{{ n.l == n.d }}",
    "many large texts that are kept": "{% set x = 'a' * 1000000 %}" + repeated("{% set n.l = [n.l, x ~ i] %}"),
    "an output without end": "{% set x = 'a' * 1000000 %}" + repeated("{{ x }}"),
    "a range that is too long": "{% for i in range(10000000000) %}{% endfor %}",
    "loops in loops": repeated("{% for j in range(99999) %}{% endfor %}"),
    "loops in loops without a variable": repeated("{% for j in [1] * 99999 %}{% endfor %}"),
    "a loop that calls itself": "{% for a in [1, 1] recursive %}{{ loop([1, 1]) }}{% endfor %}",
    "macros that call each other": "{% macro m(n) %}{% if n %}{{ m(n - 1) }}{{ m(n - 1) }}{% endif %}{% endmacro %}"
    "{{ m(99) }}",
    "a macro that never ends": "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
    "a search in a long list, often": "{% set x = range(99999)|list %}" + repeated("{% if -1 in x %}{% endif %}"),
    "a filter, often": "{% set x = 'b' * 1000000 %}" + repeated("{{ x|upper|length }}"),
    "a template of 1 MiB": "a" * MEBI,
    "brackets 100 000 deep": "{{ " + "(" * 100_000 + "1" + ")" * 100_000 + " }}",
    "lists 100 000 deep": "{{ " + "[" * 100_000 + "]" * 100_000 + " }}",
    "conditions 10 000 deep": "{% if 1 %}" * 10_000 + "{% endif %}" * 10_000,
    "a sum of 50 000 numbers": "{{ " + "1 + " * 50_000 + "1 }}",
    "a number of 5 000 digits": "{{ " + "1" * 5000 + " }}",
    "comments that never end": "{#" * 300_000,
    "brackets of statements that never end": "{% " * 200_000,
    "a width with zeros before it": "{{ '{:0000000000300000000}'.format(1) }}",
    "a width with zeros before it, in a per cent": "{{ '%000000000000300000000d' % 1 }}",
    "a width as a value, behind a bracket": "{{ '{0[}]:{1}}'.format({'}': 1}, '300000000') }}",
    "a width as a value, behind a bracket, by a mapping": "{% set values = {'a': {'}': 1}, 'b': '300000000'} %}"
    "{{ '{a[}]:{b}}'.format_map(values) }}",
    "a width in a format of bytes": "{{ '%300000000d'.encode() % 1 }}",
    "the attribute of a namespace in a format, often": "{% set n = namespace(x='a' * 1000000) %}"
    "{{ ('{0.x}' * 1000).format(n) }}",
    "a range with a separator that is long": "{{ range(9999)|join('x' * 100000) }}",
    "values with a separator that is long": "{% set x = 'x' * 1000000 %}{{ {"
    + ", ".join(f"{n}: 1" for n in range(2000))
    + "}.values()|join(x) }}",
    "a loop with a separator that is long": "{% for i in range(9999) %}{{ loop|join('x' * 100000) }}{% endfor %}",
    "JSON with an indent at many levels": repeated("{% set n.l = [n.l] %}", 600) + "{{ n.l|tojson(indent=5000) }}",
    "a namespace of namespaces": repeated("{% set n.l = namespace(a=n.l, b=n.l) %}", 60) + "{{ n.l ~ '' }}{{ 1 // 0 }}",
    "a number of many hexadecimal digits": "{{ ('f' * 3000000)|int(0, 16) // (('f' * 1500000)|int(0, 16)) }}",
    "a number that is rounded to millions of digits": "{{ 1|round(-4000000) }}",
    "a sum of lists": "{{ ([[1]] * 1500000)|sum(start=[]) }}",
    "lines of one character": "{{ ('a' * 3000000)|wordwrap(1) }}",
    "a search from the end": "{{ ('a' * 3000000).rfind('ab' ~ 'a' * 1500000) }}",
    "a split from the end": "{{ ('a' * 3000000).rsplit('ab' ~ 'a' * 1500000) }}",
    "many characters to strip": "{{ ('a' * 3000000).strip('b' * 1000000 ~ 'a') }}",
    "many characters to trim": "{{ ('a' * 3000000)|trim('b' * 1000000 ~ 'a') }}",
    "Punycode": "{% set n = namespace(t='') %}{% for i in range(3000, 13000) %}{% set n.t = n.t ~ '%c' % i %}"
    "{% endfor %}{{ n.t.encode('punycode') }}",
    "numbers of one hash": "{{ range(0, (2 ** 61 - 1) * 99000, 2 ** 61 - 1)|unique|list }}",
    "numbers of one hash as keys": "{{ dict(range(0, (2 ** 61 - 1) * 99000, 2 ** 61 - 1)|batch(2)) }}",
    "numbers of one hash as names": "{{ namespace(range(0, (2 ** 61 - 1) * 99000, 2 ** 61 - 1)|batch(2)) }}",
    "a long path of attributes to sort by": "{{ range(9999)|sort(attribute='real.' * 20000 ~ 'real') }}",
    "a cycle of nothing": "{{ cycler() }}",
    "a difference of infinities": "{{ ''|length + 1e999 - 1e999 }}",
    "half a character": "{{ '\\ud800' }}",
    "a message of a megabyte": "{{ {}['x\\n' * 500000].y }}",
}


@pytest.fixture(autouse=True)
def short_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bound on time, as a fraction: what it ends would take hours."""
    monkeypatch.setattr(template_bounds, "LONGEST_TIME", 0.3)


@pytest.mark.parametrize("attack", [*REACHING, *GROWING])
def test_a_prompt_is_refused_in_one_line(attack: str, overlay: Overlay, catalogue: CultureCatalogue) -> None:
    text = "{% block system %}" + (REACHING | GROWING)[attack] + "{% endblock %}{% block user %}{% endblock %}"
    content = overlay({"prompts/intent.j2": text})
    given = {"culture": catalogue.culture("japan"), "scenario": {}, "transcript": "", "speaker": ""}
    with pytest.raises(ContentError) as caught:
        Prompts.load(content).render("intent", "system", **given)
    assert "intent.j2" in caught.value.message
    assert "\n" not in caught.value.message
    assert len(caught.value.message) < 500


@pytest.mark.parametrize("attack", GROWING)
def test_a_chat_template_is_refused_in_one_line(attack: str) -> None:
    with pytest.raises(ChatTemplateError) as caught:
        ChatTemplate(student("qwen-2.5", GROWING[attack])).prompt([("user", "Hello")])
    assert "\n" not in caught.value.message
    assert len(caught.value.message) < 500


@pytest.mark.parametrize("attack", REACHING)
def test_a_chat_template_reaches_nothing(attack: str) -> None:
    text = REACHING[attack].replace("culture.customs", "['a']").replace("culture", "messages")
    prompt = None
    with suppress(ChatTemplateError):
        prompt = ChatTemplate(student("qwen-2.5", text)).prompt([("user", "Hello")])
    assert not prompt
