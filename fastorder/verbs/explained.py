"""What verbs share of their docstrings, written once: arguments, results, errors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    Parts = dict[str, list[str]]

Verb = TypeVar("Verb", bound="Callable[..., Any]")

SECTIONS = ("Args", "Returns", "Raises")

ARGUMENTS = """Args:
    account: another account than the trader's own: its number, its name, or the
        beginning of its name, in letters of any case.
    account_id: the gateway's number of the account, 1 to ``2**31 - 1``.
    deadline: seconds, 0 to 3600, after which it reports what is not proved yet.
    drain: seconds to wait for what is on its way, at least 0; the request timeout
        where not given. What has not ended then gets the outcome UNKNOWN, or
        NOT_SENT where nothing was sent.
    live: ask for the live entitlement instead of the simulated one.
    order_id: the gateway's number of the order, 1 to ``2**63 - 1``, or its decimal
        text.
    symbol: such as "MNQ", or a contract's id; letter case does not matter.
    since, until: aware datetimes, 1970 or later. ``since`` lies before ``until`` and
        not in the future; without ``until``, it is all up to now."""

READS = """Returns:
    With an event loop, a Ticket that gives this when awaited.

Raises:
    InvalidField (a ValueError), WrongFieldType (a TypeError): an argument is wrong;
        nothing was sent.
    TokenMissing, ExecutorClosed, ExecutorMisuse: it cannot be asked; nothing was sent.
    RequestFailed: the gateway gives no usable answer; as an AuthLost where it does not
        take the token. With an event loop, raised by the await."""

QUERIES = """Args:
    statuses: OrderStatus members or their numbers; orders of any status where not
        given.
    symbol: of the one contract that is meant; all contracts where not given.
    since, until: aware datetimes, 1970 or later: orders made in this time span; either
        may be left out.
    newest_first: give the newest order first.
    page_size: orders that are read at once, 2 to 100.

Raises:
    RequestFailed: of the loop, where a page cannot be read.
    InvalidField, WrongFieldType, UnknownSymbol: an argument is wrong; nothing was sent.
    TokenMissing, ExecutorClosed, ExecutorMisuse: nothing was sent."""

CHANGES = """Returns:
    The OrderResult, also where the gateway refuses: its ``outcome`` says so. With an
    event loop, a Ticket that gives it when awaited; the request is on its way when
    this returns.

Raises:
    InvalidField (a ValueError), WrongFieldType (a TypeError): an argument is wrong;
        nothing was sent.
    TokenMissing, ExecutorClosed, ExecutorMisuse: nothing was sent."""

ACTS = """Returns:
    With an event loop, a Ticket that gives this when awaited.

Raises:
    InvalidField (a ValueError), WrongFieldType (a TypeError): an argument is wrong;
        nothing was sent.
    ExecutorClosed, ExecutorMisuse: nothing was sent.
    TokenMissing: nothing was sent; with an event loop, raised by the await."""

OF_CONTRACT = """Raises:
    UnknownSymbol: the symbol has no contract id yet; nothing was sent."""

OF_NO_CONTRACT = """Args:
    symbol: a product by the exchange's name or the gateway's code ("NQ", "ENQ"), one
        with a month ("NQZ6", "NQZ26", "NQ 2026-12"), or a contract's id. Letter case
        does not matter.

Raises:
    UnknownSymbol, AmbiguousSymbol: no contract is meant, or several are, and all are
        named. With an event loop, raised by the await."""

ENTERED = """Raises:
    ExecutorMisuse: the trader was not entered yet; nothing was sent."""

OF_TRADER = f"""{ENTERED}
    UnknownAccount, AmbiguousAccount: ``account`` means none of the user's accounts,
        or several. With an event loop, raised by the await."""

FOUND_BY_TRADER = """Args:
    symbol: such as "MNQ", or a contract's id; letter case does not matter. The gateway
        is asked for the contract at its first use.

Raises:
    UnknownSymbol, AmbiguousSymbol: the gateway lists no such contract, or several. With
        an event loop, raised by the await."""


def explained(*shared: str, like: Any = None) -> Callable[[Verb], Verb]:
    """Complete the docstring of a verb with what it shares with other ones.

    Each argument that it does not explain itself is explained as in ``like``, or as in
    ``ARGUMENTS``. Paragraphs, results and errors of others follow its own.

    Args:
        shared: what it returns and raises, as sections of a docstring.
        like: a verb that does the same; its summary is left out, and what it returns
            where the verb says that itself.
    """

    def complete(verb: Verb) -> Verb:
        if verb.__doc__ and (like is None or like.__doc__):  # python -OO leaves none
            verb.__doc__ = _completed(verb, shared, like)
        return verb

    return complete


def _completed(verb: Any, shared: tuple[str, ...], like: Any) -> str:
    code = getattr(verb, "__wrapped__", verb).__code__
    names = code.co_varnames[1 : code.co_argcount + code.co_kwonlyargcount]
    parts = parts_of(plain(verb.__doc__))
    entries = dict(_SHARED)
    if like is not None:
        other = parts_of(plain(like.__doc__))
        entries |= entries_of(other["Args"])
        parts["text"] += other["text"][1:]
        parts["Returns"] = parts["Returns"] or other["Returns"]
        parts["Raises"] += [
            section.replace(_NOT_KNOWN, "") if FOUND_BY_TRADER in shared else section
            for section in other["Raises"]
        ]
    own = entries_of(parts["Args"])
    for text in shared:
        more = parts_of(text)
        entries |= entries_of(more["Args"])
        parts["Returns"] += more["Returns"]
        parts["Raises"] += more["Raises"]
    entries |= own
    told = [entries[name] for name in names if name in entries]
    parts["Args"] = list(dict.fromkeys([*told, *own.values()]))
    sections = [
        f"{name}:\n" + "\n".join(dict.fromkeys(parts[name]))
        for name in SECTIONS
        if parts[name]
    ]
    return "\n\n".join([*parts["text"], *sections])


def plain(text: str) -> str:
    """A docstring of a method without the blanks that its lines begin with."""
    summary, _, rest = text.rstrip().partition("\n\n")
    if rest.startswith(" "):  # from Python 3.13 on they are gone already
        rest = f"\n{rest}".replace("\n        ", "\n")[1:]
    return f"{summary}\n\n{rest}".rstrip()


def parts_of(text: str) -> Parts:
    """The paragraphs of a docstring under "text", and its sections by their names."""
    parts: Parts = {"text": [], "Args": [], "Returns": [], "Raises": []}
    for block in text.split("\n\n"):
        name, _, rest = block.partition(":\n")
        if name in SECTIONS:
            parts[name].append(rest)
        else:
            parts["text"].append(block)
    return parts


def entries_of(sections: list[str]) -> dict[str, str]:
    """Entries of Args, by each of the names that they explain."""
    entries: list[str] = []
    for line in "\n".join(sections).split("\n"):
        if line[4:5] == " ":
            entries[-1] += f"\n{line}"
        elif line:
            entries.append(line)
    return {
        name.strip(" *"): entry
        for entry in entries
        for name in entry.partition(":")[0].split(",")
    }


_NOT_KNOWN = OF_CONTRACT.partition("\n")[2] + "\n"
"""What is left out where the gateway is asked for the contract."""

_SHARED = entries_of(parts_of(ARGUMENTS)["Args"])
