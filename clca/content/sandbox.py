"""Templates as data: Jinja2 in a sandbox that reaches nothing of Python, with bounds on size, work and time.

Jinja2's own sandbox hides what begins with an underscore, but calls any other method of any value, and lets a template
take all memory or never end. Here a template calls only methods of plain values (texts, numbers, lists, mappings), and
everything that can grow or last is measured before it happens: operators, filters and calls by the sizes of what they
are given, literals and joined texts by their own, loops step by step.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextvars import ContextVar
from time import monotonic
from typing import Any

import jinja2
from jinja2 import nodes
from jinja2.exceptions import SecurityError
from jinja2.runtime import BlockReference, Context, LoopContext, Macro
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import Cycler, Joiner
from jinja2.visitor import NodeTransformer

LONGEST_TEMPLATE = 128 * 1024  # characters; the most that compiles within seconds
LONGEST_TEXT = 10 * 1024 * 1024  # characters of one rendering, or items of one value in it
MOST_WORK = 10 * LONGEST_TEXT  # characters, items and steps of loops of all that a rendering makes
LONGEST_TIME = 10.0  # seconds of one rendering
MOST_BITS = 3322  # of a whole number: 1000 digits

_Function = Callable[..., Any]

_PLAIN = (str, bytes, int, float, list, tuple, dict, range)
_HELPERS = (Macro, LoopContext, BlockReference, Cycler, Joiner)  # of Jinja2, which a template calls, or methods of them
# Filters that make HTML of texts by patterns without bounds, show Python's objects, or answer by chance.
_REMOVED = ("pprint", "random", "striptags", "urlize", "xmlattr")
# What makes nothing larger than it is given, however large its arguments.
_SHRINKING = """
capitalize count d default endswith find first float get groupby index int items keys last length list lower lstrip map
max min partition reject rejectattr removeprefix removesuffix reverse rfind rindex rpartition rsplit rstrip select
selectattr sort split splitlines startswith string strip sum title trim truncate unique upper values
"""
_NEVER_GROWS = frozenset(_SHRINKING.split())
_FORMATS = frozenset({"format", "format_map"})
_WIDTH_OF_A_VALUE = re.compile(r"%[^a-zA-Z%]*\*|\{[^{}]*\{")


class _Budget:
    """What a rendering may still do."""

    def __init__(self) -> None:
        self._work = MOST_WORK
        self._until = monotonic() + LONGEST_TIME

    def take(self, units: int = 1) -> None:
        """Count work. Raises `SecurityError` beyond a bound."""
        self._work -= units
        if self._work < 0:
            raise SecurityError(f"makes more than {MOST_WORK:,} characters and steps of loops")
        if monotonic() > self._until:
            raise SecurityError(f"takes more than {LONGEST_TIME:g} s")


_budget: ContextVar[_Budget] = ContextVar("budget")


class Sandbox(ImmutableSandboxedEnvironment):
    """An environment whose templates are compiled by `load` and rendered by `render`, and by nothing else.

    `functions` are those that a template may call, by name, besides `range`, `dict`, `namespace`, `cycler`, `joiner`;
    `filters` are further filters.
    """

    intercepted_binops = frozenset({"+", "-", "*", "/", "//", "%", "**"})

    def __init__(
        self,
        functions: Mapping[str, _Function] | None = None,
        filters: Mapping[str, _Function] | None = None,
        **options: Any,
    ) -> None:
        super().__init__(trim_blocks=True, lstrip_blocks=True, **options)
        del self.globals["lipsum"]
        self.globals.update(functions or {})
        self.filters.update(filters or {})
        self._callable = {id(function) for function in self.globals.values()}
        for name in _REMOVED:
            del self.filters[name]
        self.filters.update({name: _bounded(name, function) for name, function in self.filters.items()})
        self.tests.update({name: _timed(function) for name, function in self.tests.items()})  # type: ignore[arg-type]
        self.concat = _joined  # type: ignore[method-assign]

    def load(self, text: str, path: str) -> jinja2.Template:
        """The compiled template of a file. Raises `jinja2.TemplateSyntaxError` for what is none, or is too large."""
        if len(text) > LONGEST_TEMPLATE:
            raise jinja2.TemplateSyntaxError(f"longer than {LONGEST_TEMPLATE:,} characters", 1)
        try:
            tree = _Watched().visit(self.parse(text, filename=path))
            return jinja2.Template.from_code(self, self.compile(tree, filename=path), self.make_globals({}))
        except (RecursionError, MemoryError, SyntaxError):  # Python's own limits on nesting
            raise jinja2.TemplateSyntaxError("nested too deeply", 1) from None
        except ValueError as error:  # a number of more digits than Python reads
            raise jinja2.TemplateSyntaxError(str(error), 1) from None

    def is_safe_callable(self, obj: Any) -> bool:
        """Whether a template may call it: helpers of Jinja2, the functions it was given, methods of plain values."""
        owner = getattr(obj, "__self__", None)
        return id(obj) in self._callable or isinstance(obj, _HELPERS) or isinstance(owner, (*_PLAIN, *_HELPERS))

    def call(self, context: Context, obj: Any, /, *arguments: Any, **named: Any) -> Any:
        """What a call gives. Raises `SecurityError` for what may not be called, and beyond a bound."""
        if getattr(obj, "__self__", None) is self:
            return obj(*arguments)
        if isinstance(obj, LoopContext):
            return super().call(context, obj, *map(self.steps, arguments))
        if not self.is_safe_callable(obj):
            raise SecurityError(f"{getattr(obj, '__name__', type(obj).__name__)} may not be called by a template")
        owner = getattr(obj, "__self__", None)
        if isinstance(owner, _PLAIN):
            _check_growth(obj.__name__, owner, (*arguments, *named.values()))
        return _made(super().call(context, obj, *arguments, **named))

    def wrap_str_format(self, value: Any) -> Callable[..., str] | None:
        """`str.format` without access to attributes; the text it belongs to is kept, to be measured."""
        wrapped = super().wrap_str_format(value)
        if wrapped is not None:
            wrapped.__self__ = value.__self__  # type: ignore[attr-defined]
        return wrapped

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """What an operator gives. Raises `SecurityError` beyond a bound."""
        if operator == "%" and isinstance(left, str):
            _check_growth("format", left, (right,))
        elif operator in ("*", "**") and isinstance(left, int) and isinstance(right, int):
            bits = max(left.bit_length(), 1), right.bit_length() if operator == "*" else abs(right)
            if (sum(bits) if operator == "*" else bits[0] * bits[1]) > MOST_BITS:
                raise SecurityError("makes a number of more than 1,000 digits")
        elif operator == "*":
            text, number = (right, left) if isinstance(left, int) else (left, right)
            _check_growth("", text, (number,))
        elif operator == "+":
            _check_size(_size(left) + _size(right))
        return _made(super().call_binop(context, operator, left, right))

    def measured(self, value: Any) -> Any:
        """A value that holds others which are counted already, if it is within the bounds."""
        _check_size(_size(value))
        _budget.get().take(1 + (len(value) if isinstance(value, (str, list, tuple, dict)) else 0))
        return value

    def joined(self, *values: Any) -> str:
        """The texts of the values in a row: `a ~ b`."""
        return _joined(map(str, values))

    def steps(self, values: Iterable[Any]) -> Iterator[Any]:
        """The values of a loop, each of which counts as work."""
        budget = _budget.get()
        for value in values:
            budget.take()
            yield value


def render(pieces: Callable[[Context], Iterator[str]], template: jinja2.Template, variables: Mapping[str, Any]) -> str:
    """The text of a template, or of one block of it. Raises `SecurityError` beyond a bound."""
    token = _budget.set(_Budget())
    try:
        return _joined(pieces(template.new_context(dict(variables))))
    finally:
        _budget.reset(token)


def _made(value: Any) -> Any:
    """A new value, if it is within the bounds; all that is in it counts as work."""
    _budget.get().take(_size(value))
    return value


def _joined(pieces: Iterable[str]) -> str:
    kept, length, budget = [], 0, _budget.get()
    for piece in pieces:
        length += len(piece)
        _check_size(length)
        budget.take(len(piece) + 1)
        kept.append(piece)
    return "".join(kept)


def _size(value: Any) -> int:
    """Characters of a text, or items of a value with all that is in it. Raises `SecurityError` beyond the bound."""
    size, waiting = 0, [value]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            waiting += [*value.keys(), *value.values()]
        elif isinstance(value, (list, tuple)):
            waiting += value
        size += 1 + (len(value) if isinstance(value, (str, bytes, list, tuple, dict)) else 0)
        _check_size(size)
    return size


def _check_size(size: int) -> None:
    if size > LONGEST_TEXT:
        raise SecurityError(f"makes more than {LONGEST_TEXT:,} characters")


def _check_growth(name: str, owner: Any, arguments: tuple[Any, ...]) -> None:
    """Refuse what could grow beyond the bound: at most to the product of what it is given."""
    _budget.get().take()
    if name in _NEVER_GROWS:
        return
    if name in _FORMATS and isinstance(owner, str):
        if _WIDTH_OF_A_VALUE.search(owner.replace("{{", "").replace("}}", "")):
            raise SecurityError("has a format whose width is a value")
        growth = len(owner) + sum(int(digits[:9]) for digits in re.findall(r"\d+", owner)) + 1
    else:
        growth = _size(owner) + 1
    for argument in arguments[1:] if name == "replace" else arguments:
        growth *= (abs(argument) if isinstance(argument, int) else _size(argument)) + 1
        _check_size(growth)


def _bounded(name: str, function: _Function) -> _Function:
    """A filter whose growth is bounded. Its first argument is the environment's where Jinja2 passes that."""
    passed = 1 if hasattr(function, "jinja_pass_arg") else 0

    @functools.wraps(function)
    def filtered(*arguments: Any, **named: Any) -> Any:
        value = arguments[passed]
        _check_growth(name, value, (*arguments[passed + 1 :], *named.values()))
        result = function(*arguments, **named)
        return _made(list(result) if isinstance(result, Iterator) else result)

    return filtered


def _timed(function: _Function) -> _Function:
    @functools.wraps(function)
    def tested(*arguments: Any, **named: Any) -> Any:
        _budget.get().take()
        return function(*arguments, **named)

    return tested


class _Watched(NodeTransformer):
    """Has the environment measure what its hooks for calls, filters and operators do not see."""

    def visit_List(self, node: nodes.List) -> nodes.Node:
        return _asked("measured", self.generic_visit(node))

    visit_Dict = visit_List

    def visit_Tuple(self, node: nodes.Tuple) -> nodes.Node:
        made = self.generic_visit(node)
        return _asked("measured", made) if node.ctx == "load" else made

    def visit_Getitem(self, node: nodes.Getitem) -> nodes.Node:
        made = self.generic_visit(node)
        return _asked("measured", made) if isinstance(node.arg, nodes.Slice) else made

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:
        self.generic_visit(node)
        return _asked("joined", *node.nodes)

    def visit_Compare(self, node: nodes.Compare) -> nodes.Node:
        self.generic_visit(node)
        node.expr = _asked("measured", node.expr)
        return node

    def visit_For(self, node: nodes.For) -> nodes.Node:
        self.generic_visit(node)
        node.iter = _asked("steps", node.iter)
        return node


def _asked(method: str, *values: Any) -> nodes.Call:
    function = nodes.EnvironmentAttribute(method)
    call = nodes.Call(function, list(values), [], None, None)
    for node in (function, call):
        node.set_lineno(values[0].lineno)
        node.set_environment(values[0].environment)
    return call
