"""`/h5/treasures/…`: what is for everybody, and what is the sender's own."""

from flask import Blueprint

from wx_archive.core.services import Services
from wx_archive.treasures import (
    certificate_pages,
    form_pages,
    own_pages,
    photo_pages,
    piece_pages,
    thanks,
    verify_pages,
)
from wx_archive.treasures.own_visits import PAGE

__all__ = ["PAGE", "blueprint"]


def blueprint(services: Services) -> Blueprint:
    """Return the pages."""
    pages = Blueprint("treasures", __name__, template_folder="templates")
    own_pages.add(pages, services)
    photo_pages.add(pages, services)
    form_pages.add(pages, services)
    piece_pages.add(pages, services)
    certificate_pages.add(pages, services)
    verify_pages.add(pages, services)
    thanks.add(pages, services)
    return pages
