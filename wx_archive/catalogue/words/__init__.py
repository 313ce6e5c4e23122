"""Words: what may be suggested, what was likely meant, what means the same.

The vocabulary is built from the public index alone (`build`), and whatever is shown of it is looked
up there once more first, so that a record closed a second ago leads to no suggestion.
"""

from wx_archive.catalogue.words.build import rebuild
from wx_archive.catalogue.words.correct import did_you_mean
from wx_archive.catalogue.words.near import Near, near_terms
from wx_archive.catalogue.words.suggest import suggest
from wx_archive.catalogue.words.synonyms import of_file, synonyms_of

__all__ = [
    "Near",
    "did_you_mean",
    "near_terms",
    "of_file",
    "rebuild",
    "suggest",
    "synonyms_of",
]
