"""Catalogue files: reading them, every bad row named with line and column; templates; export."""

from wx_archive.catalogue.files.dates import read_date
from wx_archive.catalogue.files.livelihood import Livelihood, livelihood_of, load_livelihood
from wx_archive.catalogue.files.problems import BadRow
from wx_archive.catalogue.files.reading import Line, read
from wx_archive.catalogue.files.rows import (
    MAX_BODY_CHARACTERS,
    DocumentRow,
    RecordRow,
    Relation,
)
from wx_archive.catalogue.files.sources import MAX_LINE_BYTES, digest

__all__ = [
    "MAX_BODY_CHARACTERS",
    "MAX_LINE_BYTES",
    "BadRow",
    "DocumentRow",
    "Line",
    "Livelihood",
    "RecordRow",
    "Relation",
    "digest",
    "livelihood_of",
    "load_livelihood",
    "read",
    "read_date",
]
