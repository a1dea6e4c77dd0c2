"""Templates as data: Jinja2 in a sandbox that reaches nothing of Python, with bounds on size, work and time.

Jinja2's own sandbox hides what begins with an underscore, but calls any other method of any value, and lets a template
take all memory or never end. Here a template calls only methods of plain values (texts, numbers, lists, mappings), and
everything that can grow or last is measured before it happens: operators, filters and calls by the sizes of what they
are given, literals and joined texts by their own, loops step by step.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import jinja2
from jinja2 import nodes
from jinja2.exceptions import SecurityError
from jinja2.runtime import BlockReference, Context, LoopContext, Macro
from jinja2.sandbox import ImmutableSandboxedEnvironment, SandboxedFormatter
from jinja2.utils import Cycler, Joiner, Namespace
from jinja2.visitor import NodeTransformer

from clca.content.template_bounds import (
    check_growth,
    check_number,
    check_size,
    check_width,
    joined,
    json_text,
    made,
    size,
    steps,
    take,
    within_bounds,
)
from clca.words import beginning

LONGEST_TEMPLATE = 128 * 1024  # characters; the most that compiles within seconds
LONGEST_FAULT = 300  # characters of what an error says

TEMPLATE_ERRORS = (
    jinja2.TemplateError,
    ValueError,
    TypeError,
    ArithmeticError,
    LookupError,
    AttributeError,
    NameError,
    AssertionError,
    RuntimeError,
    MemoryError,
)
"""What a template, a program of its author, can raise."""

_Function = Callable[..., Any]

_PLAIN = (str, int, float, list, tuple, dict, range)
_HELPERS = (Macro, LoopContext, BlockReference, Cycler, Joiner)  # of Jinja2, which a template calls, or methods of them
# Codecs and `Markup.striptags` take the square of a length, and bytes are formatted unmeasured.
_NO_METHODS = frozenset({"encode", "striptags", "to_bytes"})
# Filters that make HTML of texts by patterns without bounds, show Python's objects, answer by chance, or take the
# square of a text's length.
_REMOVED = ("pprint", "random", "striptags", "urlize", "wordwrap", "xmlattr")


class _Namespace(Namespace):
    """What `namespace` makes; it is not shown, since it may hold others that hold it."""

    def __repr__(self) -> str:
        return "<Namespace>"


class _Formatter(SandboxedFormatter):
    """Measures each field, whose width may itself be the value of a field."""

    def format_field(self, value: Any, format_spec: str) -> Any:
        """The text of a field. Raises `SecurityError` beyond a bound."""
        check_width(format_spec)
        return made(super().format_field(value, format_spec))


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
        self.globals["namespace"] = _Namespace
        self.policies["json.dumps_function"] = json_text
        self.globals.update(functions or {})
        self.filters.update(filters or {})
        self._callable = {id(function) for function in self.globals.values()}
        for name in _REMOVED:
            del self.filters[name]
        self.filters.update({name: _bounded(name, function) for name, function in self.filters.items()})
        self.tests.update({name: _timed(function) for name, function in self.tests.items()})  # type: ignore[arg-type]
        self.concat = joined  # type: ignore[method-assign]

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
        if isinstance(owner, _PLAIN):
            return obj.__name__ not in _NO_METHODS
        return id(obj) in self._callable or isinstance(obj, _HELPERS) or isinstance(owner, _HELPERS)

    def call(self, context: Context, obj: Any, /, *arguments: Any, **named: Any) -> Any:
        """What a call gives. Raises `SecurityError` for what may not be called, and beyond a bound."""
        if getattr(obj, "__self__", None) is self:
            return obj(*arguments)
        if isinstance(obj, LoopContext):
            return super().call(context, obj, *map(self.steps, arguments))
        if not self.is_safe_callable(obj):
            raise SecurityError(f"{getattr(obj, '__name__', type(obj).__name__)} may not be called by a template")
        if (obj is dict or obj is _Namespace) and not all(isinstance(argument, dict) for argument in arguments):
            raise SecurityError("makes a mapping of what is none")  # of pairs that clash, it takes their square
        owner = getattr(obj, "__self__", None)
        if isinstance(owner, _PLAIN):
            check_growth(obj.__name__, owner, (*arguments, *named.values()))
        return made(super().call(context, obj, *arguments, **named))

    def wrap_str_format(self, value: Any) -> Callable[..., str] | None:
        """`str.format` without access to attributes, measured; the text it belongs to is kept."""
        wrapped = super().wrap_str_format(value)
        if wrapped is None:
            return None
        text, formatter, takes_mapping = value.__self__, _Formatter(self), value.__name__ == "format_map"

        @functools.wraps(value)
        def formatted(*arguments: Any, **named: Any) -> str:
            if takes_mapping:
                (named,), arguments = arguments, ()
            return formatter.vformat(str(text), arguments, named)

        formatted.__self__ = text  # type: ignore[attr-defined]
        return formatted

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """What an operator gives. Raises `SecurityError` beyond a bound."""
        if operator == "%" and isinstance(left, str):
            check_growth("format", left, (right,))
        elif operator in ("*", "**") and isinstance(left, int) and isinstance(right, int):
            bits = max(left.bit_length(), 1), right.bit_length() if operator == "*" else abs(right)
            check_number(sum(bits) if operator == "*" else bits[0] * bits[1])
        elif operator == "*":
            text, number = (right, left) if isinstance(left, int) else (left, right)
            check_growth("", text, (number,))
        elif operator == "+":
            check_size(size(left) + size(right))
        return made(super().call_binop(context, operator, left, right))

    def measured(self, value: Any) -> Any:
        """A value that holds others which are counted already, if it is within the bounds."""
        check_size(size(value))
        take(1 + (len(value) if isinstance(value, (str, list, tuple, dict)) else 0))
        return value

    def joined(self, *values: Any) -> str:
        """The texts of the values in a row: `a ~ b`."""
        return joined(map(str, values))

    def steps(self, values: Iterable[Any]) -> Iterator[Any]:
        """The values of a loop, each of which counts as work."""
        return steps(values)


def render(pieces: Callable[[Context], Iterator[str]], template: jinja2.Template, variables: Mapping[str, Any]) -> str:
    """The text of a template, or of one block of it. Raises `SecurityError` beyond a bound."""
    with within_bounds():
        text = joined(pieces(template.new_context(dict(variables))))
        text.encode()  # half of a character could be neither sent nor written
        return text


def fault(error: BaseException) -> str:
    """What an error of a template says, in one short line."""
    return beginning(" ".join(str(error).split()), LONGEST_FAULT)


def _bounded(name: str, function: _Function) -> _Function:
    """A filter whose growth is bounded. Its first argument is the environment's where Jinja2 passes that."""
    passed = 1 if hasattr(function, "jinja_pass_arg") else 0

    @functools.wraps(function)
    def filtered(*arguments: Any, **named: Any) -> Any:
        value = arguments[passed]
        check_growth(name, value, (*arguments[passed + 1 :], *named.values()))
        result = function(*arguments, **named)
        return made(list(steps(result)) if isinstance(result, Iterator) else result)

    return filtered


def _timed(function: _Function) -> _Function:
    @functools.wraps(function)
    def tested(*arguments: Any, **named: Any) -> Any:
        take()
        return function(*arguments, **named)

    return tested


class _Watched(NodeTransformer):
    """Has the environment measure what its hooks for calls, filters and operators do not see."""

    def visit_List(self, node: nodes.List) -> nodes.Node:
        return _asked("measured", self.generic_visit(node))

    visit_Dict = visit_List

    def visit_Tuple(self, node: nodes.Tuple) -> nodes.Node:
        visited = self.generic_visit(node)
        return _asked("measured", visited) if node.ctx == "load" else visited

    def visit_Getitem(self, node: nodes.Getitem) -> nodes.Node:
        visited = self.generic_visit(node)
        return _asked("measured", visited) if isinstance(node.arg, nodes.Slice) else visited

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
