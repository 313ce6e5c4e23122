"""The phones page at `/`."""

from urllib.parse import urlsplit

from flask import Blueprint, redirect, render_template, request
from werkzeug import Response

from wx_archive.simulator.traffic import current_traffic

pages = Blueprint("pages", __name__)


@pages.get("/")
def phones() -> str | Response:
    """Show the desk with the phones; the page itself talks to `/sim/…`."""
    config = current_traffic().platform.config
    here = urlsplit(request.host_url)
    if here.hostname == "localhost" and urlsplit(config.account_url).hostname == "127.0.0.1":
        # A phone is known by a cookie, which the account's pages bring only under one name.
        return redirect(
            here._replace(netloc=here.netloc.replace("localhost", "127.0.0.1")).geturl()
        )
    return render_template("simulator/phones.html", account_name=config.account_name)
