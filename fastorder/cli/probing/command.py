"""The command ``practice-probe``: says what it will do, asks, answers, cleans up."""

from __future__ import annotations

import time
from contextlib import closing
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fastorder._base.counted import counted
from fastorder.auth.token_expiry import remaining_s
from fastorder.cli import shapes
from fastorder.cli.asking import confirm
from fastorder.cli.connection import PRACTICE, looking, reading
from fastorder.cli.contract_names import symbol_from
from fastorder.cli.exits import Ended, Exit
from fastorder.cli.options import AccountOption, JsonOption, ProfileOption, YesOption
from fastorder.cli.output import Output
from fastorder.cli.probing.limits import Allowance, Pace
from fastorder.cli.probing.of_orders import can_order
from fastorder.cli.probing.questions import BY_NAME, QUESTIONS, Answer, Question, asked
from fastorder.cli.probing.report import report_of, write
from fastorder.cli.probing.scene import NoAnswer, Plan, Scene
from fastorder.cli.probing.wire import place_of
from fastorder.realtime.base import hubs_url

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


FAR = Decimal("0.95")
"""Of the last price: where orders are put that must not be filled."""

MOST_REQUESTS = 200
"""In 60 s, by the gateway's documentation."""

Only = Annotated[
    str | None,
    typer.Option("--only", help="These questions alone.", metavar="NAME,NAME"),
]
Orders = Annotated[
    int, typer.Option("--orders", min=0, max=10_000, help="Send no more than these.")
]
Rounds = Annotated[
    int, typer.Option("--rounds", min=1, max=1_000, help="Of 8 orders with one tag.")
]
Samples = Annotated[
    int, typer.Option("--samples", min=1, max=1_000, help="Of what is measured.")
]
Patience = Annotated[
    float,
    typer.Option("--patience", min=0.1, max=100_000, help="Seconds for a long wait."),
]
Requests = Annotated[
    int,
    typer.Option(
        "--requests", min=20, max=MOST_REQUESTS, help="In 60 s; leave some for others."
    ),
]


def practice_probe(
    symbol: Annotated[
        str, typer.Argument(parser=symbol_from, metavar="[SYMBOL]")
    ] = "MNQ",
    only: Only = None,
    orders: Orders = 200,
    rounds: Rounds = 10,
    samples: Samples = 5,
    patience: Patience = 60.0,
    requests: Requests = 150,
    out: Annotated[
        Path | None, typer.Option("--out", help="The report's file.", metavar="FILE")
    ] = None,
    account: AccountOption = None,
    profile: ProfileOption = None,
    yes: YesOption = False,
    json: JsonOption = False,
) -> Exit:
    """Ask a practice account what no documentation says; the answers go into a file.

    It sends limit orders to buy one contract, 5 % below the market, and cancels them.
    Any other account is refused, whatever is given.
    """
    output, plan = Output(json), Plan(rounds, samples, patience)
    questions = chosen(only)
    path = out or Path(f"practice-probe-{datetime.now():%Y%m%d-%H%M%S}.md")
    write(path, "not asked yet\n")  # a file that cannot be written is known now
    answers: list[Answer] = []
    left = ["it was not ended"]
    try:
        with reading(account, profile) as trader:
            must_be_practice(trader, output)
            output.say(plan_in_words(questions, plan, orders, path))
            confirm(f"ASK {trader.account.name} in this way", yes, output)
            gateway = trader.executor.base_url
            scene = scene_of(trader, symbol, plan, Allowance(orders), Pace(requests))
            scene.login = lambda: _logged_in(profile)
            left = probe(scene, questions, answers, output.say)
    finally:
        if answers:
            write(path, report_of(gateway, answers, left))
        else:
            path.unlink(missing_ok=True)
    output.rows(shapes.ANSWERS, map(answer_row, answers))
    output.say(f"{counted(len(answers), 'answer')} in {path}")
    is_whole = all(each.is_answered for each in answers) and not left
    return Exit.OK if is_whole and len(answers) == len(questions) else Exit.FAILED


def chosen(only: str | None) -> list[Question]:
    """The questions that are asked.

    Raises:
        typer.BadParameter: there is none of a name.
    """
    if only is None:
        return [each for each in QUESTIONS if not each.is_harsh]
    names = [name.strip() for name in only.split(",") if name.strip()]
    unknown = [name for name in names if name not in BY_NAME]
    if unknown or not names:
        raise typer.BadParameter(
            f"--only must name some of {', '.join(BY_NAME)}, was {only!r}"
        )
    return [each for each in QUESTIONS if each.name in names]


def must_be_practice(trader: Any, output: Output) -> None:
    """Go on with a practice account alone.

    Raises:
        Ended: it is another.
    """
    if not trader.account.name.startswith(PRACTICE):
        output.say(
            f"account {trader.account.name} is no practice account: it is never "
            "probed, and nothing was sent"
        )
        raise Ended(Exit.BAD_INPUT)


def plan_in_words(
    questions: Sequence[Question], plan: Plan, most: int, path: Path
) -> str:
    """What will be asked, in which order, and what that costs."""
    width = max(len(each.name) for each in questions)
    lines = [
        f"{number:2}. {each.name:{width}}  {each.asks} "
        f"({counted(each.orders(plan), 'order')})"
        for number, each in enumerate(questions, 1)
    ]
    needed = sum(each.orders(plan) for each in questions)
    first = counted(len(questions), "question")
    lines.insert(0, f"{first}, one after the other:")
    needed += bool(needed)  # one before: is any taken now?
    lines.append(
        f"At most {counted(min(most, needed), 'order')}: each a limit to buy one "
        f"contract 5 % below the market, all cancelled at the end. Report: {path}"
    )
    if needed > most:
        lines.append(f"{needed} would be needed for all; --orders allows {most}")
    return "\n".join(lines)


def scene_of(
    trader: Any, symbol: str, plan: Plan, allowance: Allowance, pace: Pace
) -> Scene:
    """What the questions are asked with, of a trader that is entered.

    Raises:
        typer.BadParameter: the market's price is not known.
    """
    contract = trader.contract(symbol)
    base_url, ca_file = trader.executor.base_url, trader._ca_file
    token = trader.executor.session.current()
    bars = trader.bars(symbol, "1m", days=5, limit=1, partial=True)
    if not len(bars):
        raise typer.BadParameter(f"{symbol} has no price: no bar of the last 5 days")
    ticks = int(Decimal(str(bars.close[-1])) * FAR / contract.tick_size)
    return Scene(
        place_of(base_url, ca_file),
        place_of(hubs_url(base_url), ca_file),
        token,
        trader.account.id,
        contract.id,
        float(ticks * contract.tick_size),
        plan,
        allowance,
        pace,
        lambda: None,
        time.time() + remaining_s(token.reveal(), time.time()),
    )


def probe(
    scene: Scene,
    questions: Sequence[Question],
    answers: list[Answer],
    tell: Callable[[str], object],
) -> list[str]:
    """Ask them one by one, and cancel what was sent, whatever happens.

    Args:
        answers: takes each answer as it is there.

    Returns:
        What is left that should not be, in words.
    """
    with closing(scene):
        try:
            refused = _why_no_orders(scene, questions)
            for question in questions:
                if refused and question.orders(scene.plan):
                    answer = Answer(
                        question, f"not answered: {refused}", [], 0, 0, False
                    )
                else:
                    answer = asked(question, scene)
                answers.append(answer)
                tell(f"{question.name}: {answer.found}")
        finally:
            left = _cleaned(scene)
            for each in left:
                tell(f"LEFT: {each}")
    return left


def _why_no_orders(scene: Scene, questions: Sequence[Question]) -> str | None:
    """One order first: where it is refused, no question of orders has an answer."""
    if not any(each.orders(scene.plan) for each in questions):
        return None
    if scene.allowance.most == 0:
        return "no order is allowed"
    try:
        return can_order(scene)
    except (OSError, NoAnswer) as error:
        return f"an order was not answered: {type(error).__name__}"


def _cleaned(scene: Scene) -> list[str]:
    if not scene.allowance.sent:
        return []
    try:
        return scene.clean()
    except (OSError, NoAnswer) as error:
        return [f"what is left could not be read: {error}; look at the platform"]


def _logged_in(profile: str | None) -> None:
    with looking(profile):
        pass


def answer_row(answer: Answer) -> dict[str, Any]:
    """An answer, as a row."""
    return shapes.ANSWERS.row(
        question=answer.question.name,
        answer=answer.found,
        answered=answer.is_answered,
        orders=answer.orders,
        took_s=f"{answer.took_s:.2f}",
        evidence=answer.evidence,
    )
