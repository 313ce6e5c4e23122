"""The three ways a simulated WeChat says no."""

from secrets import token_hex


class ApiError(Exception):
    """The platform's API refuses a call of the account."""

    def __init__(self, errcode: int, errmsg: str, **more: int | str) -> None:
        super().__init__(f"{errcode} {errmsg}")
        self.errcode = errcode
        self.more = more
        """What the answer tells beside code and text."""
        # WeChat ends every error with a request id; accounts log it.
        self.errmsg = f"{errmsg} rid: {token_hex(4)}-{token_hex(4)}-{token_hex(4)}"


class BadReplyError(Exception):
    """The account answered 200 with something WeChat does not accept; the text says what."""


class RefusedError(Exception):
    """A phone cannot do that now; the Chinese text is shown to the person holding it."""

    def __init__(self, text: str, *, status: int = 409) -> None:
        super().__init__(text)
        self.text = text
        self.status = status
