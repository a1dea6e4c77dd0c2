"""Checks of what users give to the public metrics: nonsense is refused, not scored as NaN or 0."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from clca.evaluation.arrays import Floats

P = ParamSpec("P")
R = TypeVar("R")
Check = Callable[[dict[str, Any]], None]
"""Raises `ValueError` for arguments, by name, that a metric cannot score."""


def checked(function: Callable[P, R], check: Check) -> Callable[P, R]:
    """The same function, whose arguments are checked first."""
    signature = inspect.signature(function)

    @wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        check(dict(signature.bind(*args, **kwargs).arguments))
        return function(*args, **kwargs)

    return call


def distributions(first: str, second: str | None = None, *, unreadable: str = "") -> Check:
    """Checks one or two distributions [..., K] of the same K; the one named `unreadable` has a last bucket more.

    A single distribution needs a weight. In a batch one of zeros or of NaN is one that nobody answered.
    """

    def check(arguments: dict[str, Any]) -> None:
        arrays = {name: _numbers(name, arguments[name]) for name in (first, second) if name is not None}
        options = {}
        for name, array in arrays.items():
            absent = np.isnan(array).all(axis=-1, keepdims=True)
            _refuse(name, ~np.isfinite(array) & ~absent, "is no number")
            _refuse(name, array < 0, "is below 0")
            if array.ndim == 1 and not np.nansum(array) > 0:
                raise ValueError(f"{name}: all weights are 0 or NaN; a distribution needs one above 0")
            options[name] = array.shape[-1] - (name == unreadable)
            if options[name] < 1:
                raise ValueError(f"{name}: needs an option before the last bucket, which holds unreadable answers")
        if second is not None:
            if options[first] != options[second]:
                extra = f" (besides the unreadable bucket of {unreadable})" if unreadable else ""
                raise ValueError(
                    f"{first} has {options[first]} options and {second} {options[second]}{extra}: they must be equal"
                )
            _refuse_batches(arrays)
        amount = arguments.get("amount", 0.0)
        if not (np.isfinite(amount) and amount >= 0):
            raise ValueError(f"amount: {amount} is no number of at least 0")

    return check


def chosen_options(arguments: dict[str, Any]) -> None:
    """Checks two arrays of options [..., n] as integers, of the same n."""
    arrays = {name: _numbers(name, arguments[name]) for name in ("answers", "predicted")}
    for name, array in arrays.items():
        _refuse(name, ~(np.isfinite(array) & (array == np.round(array))), "is no whole number")
    answers, predicted = arrays.values()
    if answers.shape[-1] != predicted.shape[-1]:
        raise ValueError(f"answers are of {answers.shape[-1]} respondents, predicted of {predicted.shape[-1]}")
    _refuse_batches(arrays)


def square(name: str, *, least: int = 1, batch: bool = True) -> Check:
    """Checks a square matrix [..., n, n] of numbers of at least 0 with n >= `least`."""

    def check(arguments: dict[str, Any]) -> None:
        matrix = _numbers(name, arguments[name])
        if matrix.ndim < 2 or (matrix.ndim > 2 and not batch) or matrix.shape[-1] != matrix.shape[-2]:
            raise ValueError(f"{name}: has the shape {matrix.shape}; it must be square")
        if matrix.shape[-1] < least:
            raise ValueError(f"{name}: has the shape {matrix.shape}; it needs {least} rows or more")
        _refuse(name, ~np.isfinite(matrix), "is no number")
        _refuse(name, matrix < 0, "is below 0")

    return check


def labelled_vectors(arguments: dict[str, Any]) -> None:
    """Checks vectors [n, d] with their n labels of two kinds or more, and the number of permutations."""
    vectors, labels = _numbers("vectors", arguments["vectors"]), np.asarray(arguments["labels"])
    if vectors.ndim != 2:
        raise ValueError(f"vectors: has the shape {vectors.shape}; it must be [vectors, dimensions]")
    _refuse("vectors", ~np.isfinite(vectors), "is no number")
    if labels.shape != (len(vectors),):
        raise ValueError(f"labels: has the shape {labels.shape}; it must be ({len(vectors)},), one for each vector")
    if len(np.unique(labels)) < 2:
        raise ValueError("labels: are all the same; there must be two or more")
    if arguments.get("permutations", 1) < 1:
        raise ValueError(f"permutations: {arguments['permutations']} is below 1")


def observations(arguments: dict[str, Any]) -> None:
    """Checks the rows [n, C] of a bootstrap, and the bounds, the level and the number of its resamples."""
    rows = _numbers("rows", arguments["rows"])
    if rows.ndim != 2:
        raise ValueError(f"rows: has the shape {rows.shape}; it must be [observations, sums]")
    _refuse("rows", ~np.isfinite(rows), "is no number")
    _refuse_resampling(arguments)
    lower, upper = arguments.get("lower", 0.0), arguments.get("upper", np.inf)
    if not lower < upper:
        raise ValueError(f"lower: {lower} is not below upper, {upper}")


def seeds_of_observations(arguments: dict[str, Any]) -> None:
    """Checks the rows [S, n, C] of two systems on the same n observations, for the same seeds or for one."""
    first, second = (_numbers(name, arguments[name]) for name in ("first", "second"))
    for name, rows in (("first", first), ("second", second)):
        if rows.ndim != 3:
            raise ValueError(f"{name}: has the shape {rows.shape}; it must be [seeds, observations, sums]")
        _refuse(name, ~np.isfinite(rows), "is no number")
    if first.shape[1:] != second.shape[1:]:
        raise ValueError(f"first has the shape {first.shape}, second {second.shape}: observations or sums differ")
    if first.shape[0] != second.shape[0] and 1 not in (first.shape[0], second.shape[0]):
        raise ValueError(f"first has {first.shape[0]} seeds and second {second.shape[0]}: give the same, or one")
    _refuse_resampling(arguments)


def values_of_seeds(arguments: dict[str, Any]) -> None:
    """Checks the score of each seed, [n]."""
    values = _numbers("values", arguments["values"])
    if values.ndim != 1:
        raise ValueError(f"values: has the shape {values.shape}; it must be [seeds]")
    _refuse("values", ~np.isfinite(values), "is no number")


def p_values(arguments: dict[str, Any]) -> None:
    """Checks p-values [m], each in [0, 1]."""
    values = _numbers("p_values", arguments["p_values"])
    _refuse("p_values", ~((values >= 0) & (values <= 1)), "is not between 0 and 1")


def _refuse_resampling(arguments: dict[str, Any]) -> None:
    if arguments.get("resamples", 1) < 1:
        raise ValueError(f"resamples: {arguments['resamples']} is below 1")
    if not 0 < arguments.get("level", 0.5) < 1:
        raise ValueError(f"level: {arguments['level']} is not between 0 and 1")


def _numbers(name: str, value: ArrayLike) -> Floats:
    try:
        array = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError):
        raise ValueError(f"{name}: is no array of numbers with rows of equal length") from None
    if not array.ndim or not array.size:
        raise ValueError(f"{name}: {'is a single number, not an array' if not array.ndim else 'is empty'}")
    return array


def _refuse(name: str, wrong: Any, reason: str) -> None:
    """Raise `ValueError` at the first entry that is wrong."""
    if wrong.any():
        where = ", ".join(map(str, np.argwhere(wrong)[0].tolist()))
        raise ValueError(f"{name}[{where}] {reason}")


def _refuse_batches(arrays: dict[str, Floats]) -> None:
    (first, left), (second, right) = arrays.items()
    try:
        np.broadcast_shapes(left.shape[:-1], right.shape[:-1])
    except ValueError:
        raise ValueError(f"{first} has the shape {left.shape}, {second} {right.shape}: the batches differ") from None
