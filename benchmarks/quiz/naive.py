"""The quiz as a tutorial of wechatpy, Flask and SQLAlchemy has it: a counter in the user's row.

No deduplication: WeChat's repetition of an answer counts twice. No ledger: nobody can tell later
what was answered. No card, no consent, no expiry, no daily cap, no conversation beside the quiz.
"""

import json
import os
import random

from flask import Flask, abort, request
from sqlalchemy import String, create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from wechatpy import create_reply, parse_message
from wechatpy.crypto import WeChatCrypto
from wechatpy.exceptions import InvalidAppIdException, InvalidSignatureException
from wechatpy.utils import check_signature

setup = json.loads(os.environ.get("BENCHMARK_SETUP", "{}"))  # noqa: TID251 -- an app of its own


class Base(DeclarativeBase):
    """Root of the tables."""


class User(Base):
    """Somebody who plays, and how many answers were right."""

    __tablename__ = "user"

    id: Mapped[int] = mapped_column(primary_key=True)
    openid: Mapped[str] = mapped_column(String(64), unique=True)
    question: Mapped[int] = mapped_column(default=0)
    right: Mapped[int] = mapped_column(default=0)


def create_app() -> Flask:
    """Return the application."""
    app = Flask(__name__)
    crypto = WeChatCrypto(setup["token"], setup["aes_key"], setup["app_id"])
    engine = create_engine(setup["database_url"])
    bank = setup["bank"]

    @app.post("/wechat")
    def wechat() -> str:
        timestamp, nonce = request.args.get("timestamp", ""), request.args.get("nonce", "")
        try:
            check_signature(setup["token"], request.args.get("signature", ""), timestamp, nonce)
            xml = crypto.decrypt_message(
                request.data, request.args.get("msg_signature", ""), timestamp, nonce
            )
        except (InvalidSignatureException, InvalidAppIdException):
            abort(403)
        message = parse_message(xml)
        with Session(engine) as session:
            user = session.scalars(select(User).where(User.openid == message.source)).first()
            if user is None:
                user = User(openid=message.source)
                session.add(user)
            told = judge(user, message.content) if message.content in "ABCD" else ask(user)
            session.commit()
        reply = create_reply(told, message)
        return str(crypto.encrypt_message(reply.render(), nonce, timestamp))

    def ask(user: User) -> str:
        user.question = random.randrange(len(bank))  # noqa: S311 -- as tutorials do
        question = bank[user.question]
        options = (
            f"{letter} {text}" for letter, text in zip("ABCD", question["options"], strict=True)
        )
        return "\n".join([question["text"], *options])

    def judge(user: User, letter: str) -> str:
        question = bank[user.question]
        if letter == question["answer"]:
            user.right += 1
            return f"✔ 答对了，累计答对 {user.right} 题。\n{question['explanation']}"
        return f"✘ 答错了，正确答案是 {question['answer']}。\n{question['explanation']}"

    return app
