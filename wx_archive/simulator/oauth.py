"""Web pages that ask WeChat who is reading: OAuth for a verified service account.

Source: reference section 1.13 (OAuth2) and 1.12 (its errors).
"""

from secrets import token_urlsafe
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from flask import Blueprint, Response, jsonify, make_response, redirect, render_template, request

from wx_archive.core import clock
from wx_archive.simulator import gate
from wx_archive.simulator.config import SimulatorConfig
from wx_archive.simulator.errors import ApiError
from wx_archive.simulator.platform import Platform
from wx_archive.simulator.tokens import LIFETIME
from wx_archive.simulator.traffic import current_traffic

COOKIE: Final = "sim_phone"
COOKIE_PATH: Final = "/connect"
MAX_STATE_BYTES: Final = 128
SCOPES: Final = frozenset({"snsapi_base", "snsapi_userinfo"})
FRAMED: Final = (
    "default-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'self'; sandbox"
)
"""For what the phone's frame shows from the simulator itself, where it must not reach out."""

browsing = Blueprint("browsing", __name__, url_prefix=COOKIE_PATH)
sns = Blueprint("sns", __name__, url_prefix="/sns")
sns.before_request(gate.admit)
sns.after_request(gate.let_out)


@sns.errorhandler(ApiError)
def _refuse(err: ApiError) -> Response:
    return jsonify(errcode=err.errcode, errmsg=err.errmsg)


@browsing.get("/oauth2/authorize")
def authorize() -> Response:
    """Send the reader back to the account's page with a code, or show why not."""
    platform, asked = current_traffic().platform, request.args
    openid = request.cookies.get(COOKIE, "")
    complaint = _complaint(platform.config, dict(asked.items()), knows=platform.knows(openid))
    if complaint is not None:
        return _page(complaint)
    code = platform.codes.issue(openid, asked["scope"], now=clock.now())
    answer = make_response(redirect(_with(asked["redirect_uri"], code, asked.get("state", ""))))
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["Content-Security-Policy"] = FRAMED
    return answer


def _complaint(config: SimulatorConfig, asked: dict[str, str], *, knows: bool) -> str | None:
    """Return what WeChat's page says in place of going on."""
    checks = {
        "请在微信客户端打开链接": knows,
        "AppID 参数错误": asked.get("appid") == config.app_id,
        "response_type 参数错误": asked.get("response_type") == "code",
        "Scope 参数错误或没有 Scope 权限": asked.get("scope") in SCOPES and config.may_use_oauth,
        "redirect_uri 参数错误": _is_ours(asked.get("redirect_uri", ""), config.account_url),
        "state 参数错误": len(asked.get("state", "").encode()) <= MAX_STATE_BYTES,
    }
    return next((complaint for complaint, passed in checks.items() if not passed), None)


def _is_ours(url: str, account_url: str) -> bool:
    """Tell whether a page is on the account's own address, to the letter of host and port."""
    try:
        page, account = urlsplit(url), urlsplit(account_url)
    except ValueError:
        return False
    return (page.scheme, page.netloc.lower()) == (account.scheme, account.netloc.lower())


def _with(url: str, code: str, state: str) -> str:
    page = urlsplit(url)
    query = [*parse_qsl(page.query, keep_blank_values=True), ("code", code), ("state", state)]
    return urlunsplit(page._replace(query=urlencode(query)))


def _page(complaint: str) -> Response:
    page = make_response(render_template("simulator/wechat_page.html", complaint=complaint))
    page.headers["Content-Security-Policy"] = FRAMED
    return page


@sns.get("/oauth2/access_token")
def access_token() -> Response:
    """Tell the account whose code it has."""
    platform, asked = current_traffic().platform, request.args
    _check(platform, dict(asked.items()))
    grant = platform.codes.redeem(asked["code"], now=clock.now())
    return jsonify(
        access_token=token_urlsafe(64),
        expires_in=int(LIFETIME.total_seconds()),
        refresh_token=token_urlsafe(64),
        openid=grant.openid,
        scope=grant.scope,
    )


def _check(platform: Platform, asked: dict[str, str]) -> None:
    config = platform.config
    if not asked.get("appid"):
        raise ApiError(41002, "appid missing")
    if asked["appid"] != config.app_id:
        raise ApiError(40013, "invalid appid")
    if not asked.get("secret"):
        raise ApiError(41004, "appsecret missing")
    if asked["secret"] != config.app_secret:
        raise ApiError(40125, "invalid appsecret")
    if asked.get("grant_type") != "authorization_code":
        raise ApiError(40002, "invalid grant_type")
    if not config.may_use_oauth:
        raise ApiError(48001, "api unauthorized")
    if not asked.get("code"):
        raise ApiError(41008, "missing code")
