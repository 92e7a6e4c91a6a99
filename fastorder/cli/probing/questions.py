"""The questions in the order in which they are asked, and what each one costs."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

from fastorder._base.outside_text import from_outside
from fastorder.cli.probing import of_hubs, of_orders, of_tags
from fastorder.cli.probing.limits import Spent
from fastorder.cli.probing.scene import NoAnswer
from fastorder.errors import FastOrderError

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastorder.cli.probing.of_tags import Found
    from fastorder.cli.probing.scene import Plan, Scene


class Question(NamedTuple):
    """One question.

    Attributes:
        name: for ``--only``.
        asks: for people.
        orders: how many it sends at most.
        run: asks it.
        is_harsh: it is asked where it is named alone: it costs others, or takes a day.
    """

    name: str
    asks: str
    orders: Callable[[Plan], int]
    run: Callable[[Scene], Found]
    is_harsh: bool = False


class Answer(NamedTuple):
    """What a question came to.

    Attributes:
        question: which.
        found: the answer in a line; why there is none, where ``is_answered`` is false.
        evidence: what it stands on.
        orders: how many were sent for it.
        took_s: how long it took.
    """

    question: Question
    found: str
    evidence: list[str]
    orders: int
    took_s: float
    is_answered: bool


def _none(plan: Plan) -> int:
    return 0


QUESTIONS = (
    Question(
        "tag-check",
        "8 orders with one tag at once: is the check of tags atomic?",
        lambda plan: of_tags.AT_ONCE * plan.rounds,
        of_tags.tag_check,
    ),
    Question(
        "duplicate",
        "a used tag again: what does the refusal say, and does it give the order?",
        lambda plan: 2,
        of_tags.duplicate_answer,
    ),
    Question(
        "burning",
        "which refused orders hold their tag?",
        lambda plan: 2 * len(of_tags.REJECTED),
        of_tags.burning,
    ),
    Question(
        "tag-shape",
        "how long may a tag be, of which letters, and does case matter?",
        lambda plan: len(of_tags.LENGTHS) + len(of_tags.LETTERS) + 2,
        of_tags.tag_shape,
    ),
    Question(
        "visibility",
        "how long after its answer do search, v2/query and searchById have an order?",
        lambda plan: plan.samples,
        of_orders.visibility,
    ),
    Question(
        "unauthorized",
        "an order with a token that is none: does anything come of it?",
        lambda plan: 1,
        of_orders.unauthorized,
    ),
    Question(
        "rate-limit",
        "one request too many: what is answered? It spends the minute's budget of "
        "every program of this login",
        lambda plan: 1,
        of_orders.rate_limit,
        is_harsh=True,
    ),
    Question(
        "idle",
        "how long may a connection be idle, is h2 offered, which headers come?",
        _none,
        of_orders.idle_line,
    ),
    Question(
        "abandoned",
        "orders whose sender hangs up at once: are they there, and how late?",
        lambda plan: plan.samples,
        of_orders.abandoned,
    ),
    Question(
        "negotiate",
        "what does a negotiation with useStatefulReconnect say?",
        _none,
        of_hubs.negotiation,
    ),
    Question(
        "token-place",
        "does a hub take the token in the header alone, in the address alone?",
        _none,
        of_hubs.token_place,
    ),
    Question(
        "silence",
        "how often does a hub ping, and is a silent client dropped?",
        _none,
        of_hubs.silence,
    ),
    Question(
        "snapshot",
        "does subscribing tell of what is there?",
        lambda plan: 1,
        of_hubs.snapshot,
    ),
    Question(
        "twice",
        "does what was subscribed twice come twice?",
        lambda plan: 1,
        of_hubs.twice,
    ),
    Question(
        "expiry",
        "does a hub end a connection as its token ends?",
        _none,
        of_hubs.expiry,
        is_harsh=True,
    ),
    Question(
        "logout",
        "another login: does the first connection hear GatewayLogout?",
        _none,
        of_hubs.logout,
    ),
    Question(
        "frames",
        "how large are the market's frames, is permessage-deflate accepted?",
        _none,
        of_hubs.frames,
    ),
    Question(
        "text-account",
        "an account's number as text: what does a hub say?",
        _none,
        of_hubs.text_account,
    ),
    Question(
        "http-500",
        "how many of all these requests had HTTP 5xx, and what came of those orders?",
        _none,
        of_orders.server_errors,
    ),
)
BY_NAME = {each.name: each for each in QUESTIONS}


def asked(question: Question, scene: Scene) -> Answer:
    """Ask one question; what goes wrong is its answer."""
    began_s, before = time.monotonic(), scene.allowance.sent
    is_answered, evidence = False, list[str]()
    try:
        found, evidence = question.run(scene)
        is_answered = True
    except (NoAnswer, Spent, FastOrderError) as why:
        found = f"not answered: {why}"
    except OSError as error:
        found = f"not answered: {type(error).__name__}: {from_outside(str(error))}"
    return Answer(
        question,
        found,
        evidence,
        scene.allowance.sent - before,
        time.monotonic() - began_s,
        is_answered,
    )
