"""Seasons, cards and facsimiles at the desk: planned, released, changed, counted, over the web."""

import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import select, update

from tests.console import Browser, Office
from tests.html import Page, read_page
from tests.quiz.season_making import a_card
from wx_archive.core import clock
from wx_archive.core.site import Site
from wx_archive.media import arrivals, fonts
from wx_archive.media import service as media
from wx_archive.media.objects import open_objects
from wx_archive.quiz import bank, seasons
from wx_archive.quiz.models import CardKind, Season
from wx_archive.quiz.seasons import Known
from wx_archive.quiz.voucher_models import Facsimile
from wx_archive.staff.models import AuditEntry
from wx_archive.staff.rules import Role
from tests.quiz.making import a_bank, some_questions

SEASONS = "/console/quiz/seasons"
FACSIMILES = "/console/quiz/facsimiles"
OPEN = "0012-2-0345-013"
HIDDEN = "0012-2-0345-999"
DAY = timedelta(days=1)
