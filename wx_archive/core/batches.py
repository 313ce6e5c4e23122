"""A long list in short ones: what one transaction, or one list in a statement, can hold."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

_Value = TypeVar("_Value")


def batches(values: Iterable[_Value], size: int) -> Iterator[list[_Value]]:
    """Cut ``values`` into lists of ``size``, the last one shorter; none of nothing."""
    iterator = iter(values)
    while batch := list(islice(iterator, size)):
        yield batch
