"""An account's calls of the platform's API."""

from typing import Any

import requests

CREDENTIALS = {
    "grant_type": "client_credential",
    "appid": "wx0123456789abcdef",
    "secret": "a-secret",
}


class Api:
    """Calls of an account that has a token."""

    def __init__(self, base_url: str) -> None:
        self.url = f"{base_url}/cgi-bin"
        answer = requests.get(f"{self.url}/token", params=CREDENTIALS, timeout=5).json()
        self.token = answer["access_token"]

    def get(self, path: str, **params: str) -> Any:
        return self.answer("GET", path, params=params).json()

    def post(self, path: str, payload: object) -> Any:
        return self.answer("POST", path, json=payload).json()

    def upload(self, path: str, content: bytes, **params: str) -> Any:
        files = {"media": ("a-file", content)} if content else {}
        return self.answer("POST", path, params=params, files=files).json()

    def answer(self, method: str, path: str, **call: Any) -> requests.Response:
        params = {"access_token": self.token} | call.pop("params", {})
        answer = requests.request(method, f"{self.url}/{path}", params=params, timeout=5, **call)
        assert answer.status_code == 200
        return answer

    def says(self, openid: str, text: str) -> int:
        payload = {"touser": openid, "msgtype": "text", "text": {"content": text}}
        return int(self.post("message/custom/send", payload)["errcode"])
