"""The platform's own API under `/cgi-bin/`, as an account calls it.

Every answer is HTTP 200; errors carry errcode and errmsg. Source: reference 1.11 to 1.13.
"""

from typing import Final

from flask import Blueprint, Response, jsonify, request

from wx_archive.core import clock
from wx_archive.simulator import gate
from wx_archive.simulator.apis import drafts, freepublish, mass, material, tags
from wx_archive.simulator.calling import absolute, ok, payload, platform, press, uploaded
from wx_archive.simulator.errors import ApiError
from wx_archive.simulator.facts import Profile
from wx_archive.simulator.faults import name_of
from wx_archive.simulator.media import EXTENSIONS, Media, check_article_image, check_upload
from wx_archive.simulator.menu import Button, read_menu
from wx_archive.simulator.service_messages import objects_of, read_service_message, text_of
from wx_archive.simulator.templates import read_template_message
from wx_archive.simulator.tokens import Token

MAX_OPENIDS: Final = 10_000
MAX_BATCH: Final = 100

api = Blueprint("wechat_api", __name__, url_prefix="/cgi-bin")

_WITHOUT_TOKEN: Final = {"wechat_api.token", "wechat_api.stable_token", "wechat_api.unknown"}

for _part in (material, drafts, freepublish, mass, tags):
    api.register_blueprint(_part)

api.before_request(gate.admit)
api.after_request(gate.let_out)


@api.before_request
def _require_token() -> None:
    if request.endpoint not in _WITHOUT_TOKEN:
        platform().check_token(request.args.get("access_token", ""), now=clock.now())


@api.before_request
def _require_leave() -> None:
    path = name_of(request.path)
    if not platform().config.may_call(path):
        raise ApiError(48001, "api unauthorized")
    platform().quotas.spend(path, now=clock.now())


@api.errorhandler(ApiError)
def _refuse(err: ApiError) -> Response:
    return jsonify(errcode=err.errcode, errmsg=err.errmsg, **err.more)


def _check_app_id(app_id: str) -> None:
    if not app_id:
        raise ApiError(41002, "appid missing")
    if app_id != platform().config.app_id:
        raise ApiError(40013, "invalid appid")


def _check_credentials(grant_type: str, app_id: str, secret: str) -> None:
    if grant_type != "client_credential":
        raise ApiError(40002, "invalid grant_type")
    _check_app_id(app_id)
    if not secret:
        raise ApiError(41004, "appsecret missing")
    if secret != platform().config.app_secret:
        raise ApiError(40125, "invalid appsecret")


def _token(token: Token) -> Response:
    return jsonify(access_token=token.value, expires_in=token.seconds_left(clock.now()))


@api.get("/token")
def token() -> Response:
    """Issue a plain token."""
    asked = request.args
    _check_credentials(asked.get("grant_type", ""), asked.get("appid", ""), asked.get("secret", ""))
    return _token(platform().issue_token(now=clock.now()))


@api.post("/stable_token")
def stable_token() -> Response:
    """Give out the stable token."""
    asked = payload()
    _check_credentials(
        text_of(asked, "grant_type"), text_of(asked, "appid"), text_of(asked, "secret")
    )
    force = asked.get("force_refresh") is True
    return _token(platform().issue_stable_token(force=force, now=clock.now()))


@api.post("/menu/create")
def create_menu() -> Response:
    """Replace the menu."""
    platform().set_menu(read_menu(payload()))
    return ok()


@api.get("/menu/get")
def get_menu() -> Response:
    """Repeat the menu."""
    menu = platform().menu()
    if not menu:
        raise ApiError(46003, "menu no exist")
    return jsonify(menu={"button": [button.as_json() for button in menu], "menuid": 1})


@api.get("/menu/delete")
def delete_menu() -> Response:
    """Delete the menu."""
    platform().set_menu(())
    return ok()


@api.get("/get_current_selfmenu_info")
def self_menu() -> Response:
    """Repeat the menu in the other shape WeChat has for it."""
    menu = platform().menu()
    return jsonify(
        is_menu_open=int(bool(menu)),
        selfmenu_info={"button": [_self_button(button) for button in menu]},
    )


def _self_button(button: Button) -> dict[str, object]:
    if button.buttons:
        below = [_self_button(each) for each in button.buttons]
        return {"name": button.name, "sub_button": {"list": below}}
    return {"type": button.type, "name": button.name, **button.values}


@api.get("/user/info")
def user_info() -> Response:
    """Tell about one follower."""
    return jsonify(_profile(_known(request.args.get("openid", ""))))


@api.post("/user/info/batchget")
def user_infos() -> Response:
    """Tell about up to 100 followers."""
    asked = objects_of(payload(), "user_list")
    if not 1 <= len(asked) <= MAX_BATCH:
        raise ApiError(40003, "invalid openid list size")
    profiles = [_known(text_of(each, "openid")) for each in asked]
    return jsonify(user_info_list=[_profile(profile) for profile in profiles])


def _known(openid: str) -> Profile:
    """Return what is known of a follower; one of the crowd has followed since 1970."""
    if not platform().knows(openid) and press().follows(openid):
        return Profile(openid, following=True, subscribed_at=0, scene=None)
    return platform().profile(openid)


def _profile(profile: Profile) -> dict[str, object]:
    if not profile.following:
        return {"subscribe": 0, "openid": profile.openid}
    scene = profile.scene or ""
    return {
        "subscribe": 1,
        "openid": profile.openid,
        "language": "zh_CN",
        "subscribe_time": profile.subscribed_at,
        "remark": "",
        "groupid": 0,
        "tagid_list": press().tags.of(profile.openid),
        "subscribe_scene": "ADD_SCENE_QR_CODE" if scene else "ADD_SCENE_SEARCH",
        "qr_scene": int(scene) if scene.isdecimal() else 0,
        "qr_scene_str": "" if scene.isdecimal() else scene,
    }


@api.get("/user/get")
def user_list() -> Response:
    """List the followers after an openid."""
    everyone = [*platform().follower_openids(), *press().crew.crowd_openids()]
    after = request.args.get("next_openid", "")
    if after and after not in everyone:
        raise ApiError(40003, "invalid openid")
    page = everyone[everyone.index(after) + 1 if after else 0 :][:MAX_OPENIDS]
    answer: dict[str, object] = {"total": len(everyone), "count": len(page)}
    if page:
        answer["data"] = {"openid": page}
    return jsonify(answer | {"next_openid": page[-1] if page else ""})


@api.post("/message/custom/send")
def send_service_message() -> Response:
    """Show a service message on a phone."""
    asked, now = payload(), clock.now()
    bubble = read_service_message(asked, lambda media_id: platform().media(media_id, now=now))
    platform().send_service_message(text_of(asked, "touser"), bubble, now=now)
    return ok()


@api.post("/message/template/send")
def send_template_message() -> Response:
    """Show a template message on a phone, once for each `client_msg_id`."""
    asked, now = payload(), clock.now()
    openid, number = text_of(asked, "touser"), text_of(asked, "client_msg_id")
    msgid = platform().send_template_message(
        openid, read_template_message(asked), number=number, now=now
    )
    return jsonify(errcode=0, errmsg="ok", msgid=msgid)


@api.post("/media/upload")
def upload_media() -> Response:
    """Keep a temporary file for three days."""
    kind, (_, content) = request.args.get("type", ""), uploaded()
    content_type = check_upload(kind, content)
    media = platform().keep_media(kind, content_type, content, now=clock.now())
    id_name = "thumb_media_id" if kind == "thumb" else "media_id"
    created_at = int(media.created_at.timestamp())
    return jsonify({"type": kind, id_name: media.media_id, "created_at": created_at})


@api.get("/media/get")
def get_media() -> Response:
    """Give out a temporary file; of a video only where to fetch it."""
    media = _media_in_force(request.args.get("media_id", ""))
    if media.kind == "video":
        return jsonify(video_url=absolute(media.media_id))
    name = f"{media.media_id}.{EXTENSIONS[media.content_type]}"
    content_type, content = platform().media_content(media.media_id) or ("", b"")
    answer = Response(content, content_type=content_type)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _media_in_force(media_id: str) -> Media:
    media = platform().media(media_id, now=clock.now())
    if media is None or media.kind == "article" or media.permanent:
        raise ApiError(40007, "invalid media_id")
    return media


@api.post("/media/uploadimg")
def upload_article_image() -> Response:
    """Keep a picture for an article's body, for good."""
    _, content = uploaded()
    content_type = check_article_image(content)
    media = platform().keep_media("article", content_type, content, now=clock.now())
    return jsonify(url=absolute(media.media_id))


@api.get("/getcallbackip")
def callback_addresses() -> Response:
    """List where deliveries come from."""
    return jsonify(ip_list=["127.0.0.1"])


@api.post("/message/custom/typing")
def show_typing() -> Response:
    """Show or end 「对方正在输入」 for a follower."""
    asked = payload()
    command = text_of(asked, "command")
    if command not in {"Typing", "CancelTyping"}:
        raise ApiError(45072, "invalid command")
    openid, now = text_of(asked, "touser"), clock.now()
    platform().set_typing(openid, on=command == "Typing", now=now)
    return ok()


@api.post("/clear_quota")
def clear_quota() -> Response:
    """Begin the day's quotas anew."""
    _check_app_id(text_of(payload(), "appid"))
    platform().quotas.clear(now=clock.now())
    return ok()


@api.post("/openapi/quota/get")
def get_quota() -> Response:
    """Tell how the day stands for one call."""
    quota = platform().quotas.quota(name_of(text_of(payload(), "cgi_path")), now=clock.now())
    counts = {"daily_limit": quota.daily_limit, "used": quota.used, "remain": quota.remain}
    return jsonify(errcode=0, errmsg="ok", quota=counts)


@api.route("/<path:_rest>", methods=["GET", "POST"])
def unknown(_rest: str) -> Response:
    """Refuse what the simulator does not know, or knows with the other method."""
    raise ApiError(40066, "invalid url")
