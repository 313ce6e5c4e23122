"""The phones page at `/`."""

from flask import Blueprint, render_template

from wx_archive.simulator.traffic import current_traffic

pages = Blueprint("pages", __name__)


@pages.get("/")
def phones() -> str:
    """Show the desk with the phones; the page itself talks to `/sim/…`."""
    config = current_traffic().platform.config
    return render_template("simulator/phones.html", account_name=config.account_name)
