"""The error tree: a refusal is shown to people, everything else is our fault or WeChat's."""


class ArchiveError(Exception):
    """Root of every error this product raises on purpose."""


class RefusedError(ArchiveError):
    """The rules say no; the text is Chinese and meant for the person who asked."""


class TransientError(ArchiveError):
    """Something we depend on is away; the same request may succeed later."""


class SettingsError(ArchiveError):
    """The installation is not fit to start.

    Attributes:
        problems: one line for each mistake: the setting's name, what is wrong, the remedy.
    """

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class FileProblemError(ArchiveError):
    """A content file breaks its schema; the text says ``file:line:column`` and the remedy."""
