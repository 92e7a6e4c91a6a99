"""The judge: replays what really happened and holds the client's word against it.

It knows nothing of the protocol but its promises. No complaint is a pass.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastorder.enums import Outcome

if TYPE_CHECKING:
    from campaign.model import Fact, Ledger, Row
    from campaign.run import Intent, Looked, Told

MOST_SENDS = 4
LOOKUPS_NEEDED = 3
LISTED_LATE = 1 / 3
"""The share of the quiet time where nothing of the sends can be booked late."""
NOT_THERE = (Outcome.REJECTED, Outcome.NOT_SENT, Outcome.NOT_PLACED)


class Case:
    """One order's ledger, sorted by what it is about."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.by_kind: dict[str, list[Fact]] = {}
        for fact in ledger:
            self.by_kind.setdefault(fact.what, []).append(fact)

    def facts(self, what: str) -> list[Fact]:
        """Every fact of this kind, in order."""
        return self.by_kind.get(what, [])

    @property
    def intent(self) -> Intent:
        """What was to be sent; a repeat has the same tag and bytes."""
        return self.facts("intent")[0].value

    @property
    def forgotten(self) -> bool:
        """Whether the caller began again with nothing remembered of the first time."""
        return len(self.facts("intent")) > 1

    @property
    def booked(self) -> list[Row]:
        """Every order that the gateway made of this intent."""
        return [fact.value for fact in self.facts("booked")]

    @property
    def alive(self) -> list[Row]:
        """Those of them that were not rejected."""
        return [row for row in self.booked if row.alive]

    @property
    def told(self) -> list[Told]:
        """What the client said, in order."""
        return [fact.value for fact in self.facts("told")]


def complaints(ledger: Ledger) -> list[str]:
    """What is wrong with a life; nothing, where nothing is."""
    return judged(Case(ledger))


def judged(case: Case) -> list[str]:
    """The same, of a ledger that is sorted already."""
    found = [*double(case), *strays(case)]
    if not case.forgotten:
        found += [*sends(case), *beliefs(case), *resends(case)]
    return found


def double(case: Case) -> list[str]:
    """At most one live order for each intent."""
    if len(case.alive) < 2:
        return []
    numbers = ", ".join(str(row.id) for row in case.alive)
    return [f"double: {numbers} are alive"]


def strays(case: Case) -> list[str]:
    """The protocol never waits for nothing, and an old timer changes nothing."""
    found = [f"idle: left in {fact.value}" for fact in case.facts("idle")]
    found += ["endless: it asks for ever" for _ in case.facts("endless")[:1]]
    found += [f"astray: an old timer led to {f.value}" for f in case.facts("astray")]
    if case.facts("halted") and len(case.booked) < 2:
        found.append("halted: for no reason")
    return found


# ---------------------------------------------------------------- what left


def sends(case: Case) -> list[str]:
    """Bytes, number and time of what left."""
    left, until_ns = case.facts("left"), case.intent.valid_until_ns
    found = []
    if any(fact.value != case.intent.body for fact in left):
        found.append("bytes: a send is not of the intent's bytes")
    if len(left) > MOST_SENDS:
        found.append(f"sends: {len(left)} of them")
    if until_ns is not None and any(fact.at_ns >= until_ns for fact in left):
        found.append("too late: a send after valid_for")
    ends = [fact.at_ns for fact in case.facts("died")]
    if ends and any(fact.at_ns > ends[0] for fact in left):
        found.append("restart: a send after the process ended")
    return found + surprises(case)


def surprises(case: Case) -> list[str]:
    """Who was told that the outcome is unknown expects no send any more."""
    told = False
    for fact in case.ledger:
        told = told or fact.what == "told"
        if told and fact.what == "left":
            return ["surprise: a send after an outcome was told"]
    return []


def resends(case: Case) -> list[str]:
    """Between two sends lies what the mode asks for."""
    found = []
    since: Fact | None = None  # the latest send, and what came after it
    sends = turned_away = 0
    looks: list[Fact] = []
    pauses: list[Fact] = []
    for fact in case.ledger:
        if fact.what == "looked":
            looks.append(fact)
        elif fact.what == "paused":
            pauses.append(fact)
        elif fact.what == "turned away":
            turned_away += 1
        elif fact.what == "left":
            if since is not None:
                share = LISTED_LATE if turned_away >= sends else 1
                found += unfounded(case.intent, since, looks, share)
                found += hasty(case.intent, fact, pauses)
            sends += 1
            since, looks, pauses = fact, [], []
    return found


def hasty(intent: Intent, send: Fact, pauses: list[Fact]) -> list[str]:
    """What is wrong with the time of a send that follows a pause."""
    if intent.resend != "lookup_first":
        return []  # after a quiet time the proof decides, not the pause
    early = any(pause.value > send.at_ns for pause in pauses)
    return ["early: sent again before its pause was over"] if early else []


def unfounded(
    intent: Intent, since: Fact, looks: list[Fact], share: float
) -> list[str]:
    """What is wrong with a send that follows another one.

    Args:
        share: of the quiet time that has to pass.
    """
    if intent.resend == "never":
        return ["again: sent twice with resend never"]
    if intent.resend == "lookup_first":
        last = looks[-1].value if looks else None
        if last is None or last.rows is None:
            return ["blind: sent again without a look-up in full"]
        return (
            ["listed: sent again though the look-up shows it"]
            if shown(intent, last)
            else []
        )
    quiet_ns = since.at_ns + int(share * intent.quiet_ns)
    counted = [fact.value for fact in looks[-LOOKUPS_NEEDED:]]
    proved = len(counted) == LOOKUPS_NEEDED and all(
        look.rows is not None and not shown(intent, look) and look.begun_ns >= quiet_ns
        for look in counted
    )
    return [] if proved else ["quiet: sent again before absence was proved"]


def shown(intent: Intent, look: Looked) -> bool:
    """Whether a look-up has listed the intent's tag."""
    return intent.tag in look.tags


# ---------------------------------------------------------------- what was believed


def beliefs(case: Case) -> list[str]:
    """What the client said is what happened, now and later."""
    if not case.told:
        return ["silent: nobody was ever told"]
    found = []
    for fact in case.facts("told"):
        told = fact.value
        if told.outcome is Outcome.ACCEPTED:
            found += accepted(case, told)
        elif told.outcome in NOT_THERE and case.alive:
            found.append(f"wrong: told {told.outcome.name}, it is alive")
        if told.last and not told.proof:
            found.append(f"proof: told {told.outcome.name} without one")
        if told.outcome is Outcome.NOT_SENT and case.facts("seen"):
            found.append("bytes seen: told NOT_SENT, they reached the gateway")
        if told.outcome is Outcome.NOT_PLACED:
            found += unaudited(case, fact.at_ns)
    return found + unresolved(case)


def unaudited(case: Case, told_ns: int) -> list[str]:
    """NOT_PLACED rests on look-ups that were seen to be whole, and alive."""

    def times(what: str) -> list[int]:
        return [fact.at_ns for fact in case.facts(what) if fact.at_ns <= told_ns]

    left_ns = max(times("left"), default=0)
    span = max([left_ns, *times("restarted")]), told_ns
    reads = reads_of(case, "traded", span)
    if not reads or reads[-1].rows is None:
        return ["unmatched: NOT_PLACED without the trades in full"]
    listed, probed = rows_of(case, "looked", span), rows_of(case, "probed", span)
    contract = case.facts("contract")[0].value
    ours = {row.id for row in reads[-1].rows if row.contract_id == contract}
    if ours - listed.keys() - probed.keys():
        return ["unmatched: NOT_PLACED though a trade has no known order"]
    young = {row.id for row in probed.values() if row.at_ns > left_ns}
    if young - listed.keys():
        return ["unlisted: NOT_PLACED though a list is known to lack an order"]
    newer = any(row.at_ns > left_ns for row in listed.values())
    if (case.facts("knows") or listed) and not (newer or probed):
        return ["lifeless: NOT_PLACED without a sign of life"]
    return []


def reads_of(case: Case, what: str, span: tuple[int, int]) -> list[Looked]:
    """The reads of this kind that ended within a span of time."""
    first_ns, last_ns = span
    facts = case.facts(what)
    return [fact.value for fact in facts if first_ns <= fact.at_ns <= last_ns]


def rows_of(case: Case, what: str, span: tuple[int, int]) -> dict[int, Row]:
    """Every order that these reads have shown."""
    reads = reads_of(case, what, span)
    return {row.id: row for read in reads for row in read.rows or ()}


def accepted(case: Case, told: Told) -> list[str]:
    """An order that was told to be accepted is there, by its number."""
    if told.order_id in [row.id for row in case.alive]:
        return []
    return [f"phantom: told ACCEPTED with {told.order_id}, which is not alive"]


def unresolved(case: Case) -> list[str]:
    """UNKNOWN is the last word only where nothing can prove more."""
    if case.told[-1].outcome is not Outcome.UNKNOWN or unprovable(case):
        return []
    return ["unresolved: UNKNOWN to the end, though it could be proved"]


def unprovable(case: Case) -> bool:
    """Whether a person has to look: the tag is not, or not only, this order's.

    It is another order's, or the gateway said so without cause, or it is on several.
    """
    lied = case.facts("lied") and not case.booked
    return bool(case.facts("owned") or lied or len(case.booked) > 1)
