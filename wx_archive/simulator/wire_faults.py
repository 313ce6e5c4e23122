"""Faults on the way to the account: messages that come twice, answers that get lost.

Source: reference section 1.3 and what public issues report of retries.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from threading import Lock


class Duplicate(StrEnum):
    """When the duplicate of a message comes."""

    NONE = "none"
    AT_ONCE = "at_once"
    LATER = "later"


@dataclass(frozen=True, slots=True)
class Disorder:
    """What is wrong with the wire.

    A duplicate comes even though the message was answered, ``later_s`` after that with
    ``later``; with ``same_signature`` it is the identical request, else it is signed and sealed
    anew. The next ``drop_answer`` answers of the account are lost.
    """

    duplicate: Duplicate = Duplicate.NONE
    later_s: float = 5.0
    same_signature: bool = True
    drop_answer: int = 0


class WireFaults:
    """The present disorder; safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._disorder = Disorder()

    def present(self) -> Disorder:
        """Return what is wrong just now."""
        with self._lock:
            return self._disorder

    def put(self, disorder: Disorder) -> None:
        """Replace what is wrong."""
        with self._lock:
            self._disorder = disorder

    def loses_answer(self) -> bool:
        """Tell whether the answer that has just come gets lost, and count it."""
        with self._lock:
            left = self._disorder.drop_answer
            if left:
                self._disorder = replace(self._disorder, drop_answer=left - 1)
            return left > 0
