"""A form that is sent twice makes one thing: its hidden key becomes that one's public id."""

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

T = TypeVar("T")


def once(session: Session, find: Callable[[], T | None], make: Callable[[], T]) -> tuple[T, bool]:
    """Return what a form makes, and whether it was made just now.

    Of two that are sent at the same moment the second waits for the first one's unique id.
    """
    if (found := find()) is not None:
        return found, False
    try:
        with session.begin_nested():
            return make(), True
    except IntegrityError:
        if (found := find()) is None:
            raise
        return found, False
