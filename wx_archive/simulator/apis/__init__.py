"""The platform's API for publishing, a file for each family of calls."""

from wx_archive.simulator.apis.drafts import drafts
from wx_archive.simulator.apis.freepublish import freepublish
from wx_archive.simulator.apis.mass import mass
from wx_archive.simulator.apis.material import material
from wx_archive.simulator.apis.tags import tags

__all__ = ["drafts", "freepublish", "mass", "material", "tags"]
