"""wx_archive: the backend of a public archive's WeChat official account."""

__version__ = "0.1.0"
