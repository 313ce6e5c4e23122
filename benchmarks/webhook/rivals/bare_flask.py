"""The least that Flask can do: no signature, no message, only `success`."""

from flask import Flask

app = Flask(__name__)


@app.post("/wechat")
def wechat() -> str:
    """Say that it came."""
    return "success"
