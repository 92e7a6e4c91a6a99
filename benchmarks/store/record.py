"""What the record costs: a row, handing it over, a day's profit; peers beside.

    python benchmarks/store/record.py [--short]

Each line is a median of this run on this machine; the last column is the target. A
PostgreSQL server of its own is started where one is installed.
"""

from __future__ import annotations

import argparse
import contextlib
import statistics
import sys
import tempfile
import time
from decimal import Decimal
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "benchmarks")]

import store_server
from server import simulator
from store_scene import ACCOUNT, MNQ, event, trade_row

from fastorder import blocking
from fastorder.store import Store
from fastorder.store.bulk import Bulk
from fastorder.store.sightings import Reader

READER = Reader()


def fill(number):
    row = trade_row(number, profitAndLoss=Decimal(number % 7) if number % 2 else None)
    (sight,) = READER.event(event("Trade", row | {"side": number % 2}), number)
    return sight


def spread(times_ns):
    """p50 and p99 in microseconds."""
    ordered = sorted(times_ns)
    return ordered[len(ordered) // 2] / 1e3, ordered[len(ordered) * 99 // 100] / 1e3


def timed(act, given):
    times = []
    for each in given:
        start = time.perf_counter_ns()
        act(each)
        times.append(time.perf_counter_ns() - start)
    return times


def say(what, found, target=""):
    print(f"{what:58} {found:>30} {target:>16}")


def microseconds(times):
    p50, p99 = spread(times)
    return f"p50 {p50:.1f} us, p99 {p99:.1f} us"


# ------------------------------------------------------------ ours


def one_fill(place, name, rows, target):
    with Store(place) as store:
        engine = store._made_engine()
        sights = [fill(number) for number in range(1, rows + 1)]
        times = timed(lambda sight: engine.write([sight]), sights)
        say(f"{name}: one fill, committed alone", microseconds(times), target)
        more = [fill(number) for number in range(rows + 1, 5 * rows + 1)]
        batches = [more[i : i + 32] for i in range(0, len(more), 32)]
        times = [each / 32 for each in timed(engine.write, batches)]
        say(f"{name}: a fill of a batch of 32", microseconds(times))
        engine.close()


def beside_a_plain_insert(place, rows):
    """The same fill by hand: begin, insert, commit, on another connection; in turn.

    The server here does not sync (``fsync = off``): what is measured is the client, the
    way there and the server's work. A disk adds its sync to both alike.
    """
    import psycopg

    with Store(place) as store, psycopg.connect(place, autocommit=True) as connection:
        engine = store._made_engine()
        names = [f"c{i}" for i in range(len(fill(1).row))]
        marks = ", ".join("%s" for _ in names)
        kinds = ("text" if type(value) is str else "bigint" for value in fill(1).row)
        columns = ", ".join(map(" ".join, zip(names, kinds, strict=True)))
        connection.execute(f"CREATE TABLE plain ({columns}, PRIMARY KEY (c0, c1))")
        statement = f"INSERT INTO plain VALUES ({marks}) ON CONFLICT DO NOTHING"
        run = connection.cursor(binary=True).execute

        def by_hand(sight):
            run("BEGIN")
            run(statement, sight.row, prepare=True)
            run("COMMIT")

        found = {"ours": [], "by hand": []}
        for start in range(1, rows + 1, 25):  # interleaved: the machine is shared
            sights = [fill(number) for number in range(start, start + 25)]
            found["ours"] += timed(lambda sight: engine.write([sight]), sights)
            found["by hand"] += timed(by_hand, sights)
        engine.close()
    say("PostgreSQL: one fill by psycopg alone, begin to commit",
        microseconds(found["by hand"]))  # fmt: skip
    ours, other = spread(found["ours"]), spread(found["by hand"])
    say("ours / by hand", f"p50 {ours[0] / other[0]:.2f}, p99 {ours[1] / other[1]:.2f}")


def handing_over(place, rows):
    events = [event("Trade", trade_row(number)) for number in range(1, rows + 1)]
    with Store(place) as store:
        times = timed(store.listen, events)
        say("handing a row over", microseconds(times), "<= 1 us")
        store.flush(60)


def until_seen(place, rows):
    times = []
    with Store(place) as store:
        for number in range(1, rows + 1):
            start = time.perf_counter_ns()
            store.listen(event("Trade", trade_row(number)))
            while not store.rows("SELECT 1 FROM fills WHERE trade_id = ?", [number]):
                pass
            times.append(time.perf_counter_ns() - start)
    p50, p99 = (each / 1e3 for each in spread(times))
    say("from an event to a row that a reader sees",
        f"p50 {p50:.1f} ms, p99 {p99:.1f} ms", "<= 25 ms")  # fmt: skip


def day_of_100k(place):
    with Store(place) as store:
        engine = store._made_engine()
        sights = [fill(number) for number in range(1, 100_001)]
        for i in range(0, len(sights), 1000):
            engine.write(sights[i : i + 1000])
        engine.close()
        times = []
        for _ in range(5):
            start = time.process_time()
            days = store.daily()
            times.append(time.process_time() - start)
        assert sum(day.fills for day in days) == 100_000
        say("daily profit of 100,000 fills, CPU",
            f"{statistics.median(times) * 1e3:.0f} ms", "<= 150 ms")  # fmt: skip


def bulk_copy(place, rows):
    import numpy as np

    with Store(place):
        pass
    number = np.arange(1, rows + 1, dtype=np.int64)
    with Bulk(place, "equity") as bulk:
        start = time.process_time(), time.perf_counter()
        bulk.copy(
            {
                "account_id": np.full(rows, ACCOUNT),
                "at_ns": number * 1000,
                "trading_day": np.full(rows, 20261130),
                "month": np.full(rows, 202611),
                "balance_u": number,
                "open_u": number,
                "sources": np.full(rows, 8),
            }
        )
        cpu, wall = time.process_time() - start[0], time.perf_counter() - start[1]
    say(f"COPY of {rows:,} rows, CPU of the client",
        f"{cpu:.2f} s ({wall:.1f} s in all)", "0.25 s a million")  # fmt: skip


def orders_beside(folder, orders):
    """Orders on loopback with the store off and on, in turn; 1,000 rows a second.

    The gateway is another process, as it is for a trader: in this one its Python would
    take turns with the store's.
    """
    with (
        simulator(folder) as gateway,
        blocking.OrderExecutor(gateway.url) as executor,
        Store(folder / "beside.db") as store,
    ):
        executor.set_token("abc")
        executor.set_contract_id("MNQ", MNQ, tick_size="0.25")
        events = [event("Trade", trade_row(n)) for n in range(1, orders * 2 + 102)]
        number = 0

        def place(with_store):
            nonlocal number
            until = time.perf_counter() + 0.002
            if with_store:  # two rows in two milliseconds
                for _ in range(2):
                    number += 1
                    store.listen(events[number])
            while time.perf_counter() < until:
                time.sleep(0.0002)
            start = time.perf_counter_ns()
            executor.place_limit_order("MNQ", "BUY", 1, ACCOUNT, limit_price=20_000)
            return time.perf_counter_ns() - start

        for _ in range(50):
            place(False)
        found = {"off": [], "on": [], "off again": []}
        for _ in range(orders // 25):  # interleaved: the machine is shared
            for arm, times in found.items():
                times += [place(arm == "on") for _ in range(25)]
        store.flush(60)
        assert store.state.written >= number - 1, "the store was not written beside"
    say("an order with the store off", microseconds(found["off"]))
    say("an order while 1,000 rows a second are written", microseconds(found["on"]))
    judge(found)


def judge(found):
    """Medians of blocks' ratios; what two arms without a store differ by is noise.

    One bad moment of the machine spoils one block, not the whole.
    """
    on, noise = (ratios(found[arm], found["off"]) for arm in ("on", "off again"))
    for at, name in enumerate(("p50", "p99")):
        found_on, found_noise = on[at], noise[at]
        room = 1.05 + abs(found_noise - 1)
        word = (
            "met"
            if found_on <= 1.05
            else "within noise"
            if found_on <= room
            else "NOT MET"
        )
        told = f"{found_on:.2f} (off / off {found_noise:.2f}): {word}"
        say(f"on / off, {name}", told, "<= 1.05")


def ratios(some, others, blocks=10):
    """p50 and p99 of some to those of others, each the median of the blocks' ratios."""
    width = len(some) // blocks
    parts = [slice(i * width, (i + 1) * width) for i in range(blocks)]
    pairs = [(spread(some[part]), spread(others[part])) for part in parts]
    return [statistics.median(a[i] / b[i] for a, b in pairs) for i in (0, 1)]


# ------------------------------------------------------------ peers


def tuned(sa, place):
    """An engine of SQLAlchemy on SQLite with the settings of ours."""
    engine = sa.create_engine(f"sqlite:///{place}")

    @sa.event.listens_for(engine, "connect")
    def settings(connection, _):
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")

    return engine


def with_sqlalchemy(folder, rows):
    """The ORM as people write it, and the ways of two peers, with their own settings.

    The peers themselves are not installed here: each would bring an exchange library
    and its own idea of a broker. What is timed is what each does with a fill, or at the
    end of an iteration, by the same calls of SQLAlchemy.
    """
    try:
        import sqlalchemy as sa
    except ImportError:
        say("SQLAlchemy", "not installed")
        return
    orm_session_each(sa, folder, rows)
    as_freqtrade(sa, folder, rows)
    as_lumibot(sa, folder, rows)


def trade_class(sa):
    from sqlalchemy.orm import DeclarativeBase, mapped_column

    class Base(DeclarativeBase):
        pass

    class Trade(Base):
        __tablename__ = "trades"
        id = mapped_column(sa.BigInteger, primary_key=True)
        account_id = mapped_column(sa.BigInteger)
        pair = mapped_column(sa.String)
        price = mapped_column(sa.Float)
        amount = mapped_column(sa.Float)
        fee = mapped_column(sa.Float)
        opened = mapped_column(sa.String)

    class Order(Base):
        __tablename__ = "orders"
        id = mapped_column(sa.BigInteger, primary_key=True)
        trade_id = mapped_column(sa.BigInteger, sa.ForeignKey("trades.id"), index=True)
        status = mapped_column(sa.String)
        filled = mapped_column(sa.Float)

    return Base, Trade, Order


FIELDS = {
    "account_id": ACCOUNT,
    "pair": MNQ,
    "price": 29423.25,
    "amount": 1.0,
    "fee": 0.36,
    "opened": "2026-11-30T15:30:00Z",
}


def orm_session_each(sa, folder, rows):
    from sqlalchemy.orm import Session

    base, trade, _ = trade_class(sa)
    engine = tuned(sa, folder / "orm.db")
    base.metadata.create_all(engine)

    def keep(number):
        with Session(engine) as session:
            if session.get(trade, number) is None:
                session.add(trade(id=number, **FIELDS))
            session.commit()

    times = timed(keep, range(1, rows + 1))
    say("SQLAlchemy ORM, a session for each fill", microseconds(times))


def as_freqtrade(sa, folder, rows):
    """One scoped session; a trade and its order are added, then changed."""
    from sqlalchemy.orm import scoped_session, sessionmaker

    base, trade, order = trade_class(sa)
    engine = sa.create_engine(f"sqlite:///{folder / 'freqtrade.db'}")
    base.metadata.create_all(engine)
    session = scoped_session(sessionmaker(bind=engine, autoflush=False))

    def keep(number):
        session.add(trade(id=number, **FIELDS))
        kept = order(id=number, trade_id=number, status="open", filled=0.0)
        session.add(kept)
        session.commit()
        kept.status, kept.filled = "closed", 1.0
        session.commit()

    times = timed(keep, range(1, rows // 4))
    say("freqtrade's way: a trade and its order, opened, closed", microseconds(times))
    session.remove()


def as_lumibot(sa, folder, rows):
    """All variables as JSON in one row, replaced at the end of an iteration."""
    import json

    engine = sa.create_engine(f"sqlite:///{folder / 'lumibot.db'}")
    table = sa.Table(
        "vars", sa.MetaData(),
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("variables", sa.Text), sa.Column("updated", sa.String),
    )  # fmt: skip
    table.metadata.create_all(engine)

    def keep(number):
        text = json.dumps({"fills": number, "last": FIELDS})
        with engine.begin() as connection:
            connection.execute(table.delete().where(table.c.name == "mine"))
            connection.execute(
                table.insert(), {"name": "mine", "variables": text, "updated": "now"}
            )

    times = timed(keep, range(rows // 4))
    say("lumibot's way: the variables as one row of JSON", microseconds(times))


def with_pandas(folder, rows):
    import sqlite3

    import pandas

    connection = sqlite3.connect(folder / "pandas.db")
    connection.execute("PRAGMA journal_mode = WAL")

    def keep(number):
        frame = pandas.DataFrame(
            [{"id": number, "account": ACCOUNT, "price": 29423.25, "size": 1}]
        )
        frame.to_sql("fills", connection, if_exists="append", index=False)

    say("pandas to_sql, one row", microseconds(timed(keep, range(rows))))
    connection.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true")
    rows = 300 if parser.parse_args().short else 3000
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
        folder = Path(name)
        one_fill(folder / "one.db", "SQLite", rows, "25 / 200 us")
        handing_over(folder / "hand.db", rows)
        until_seen(folder / "seen.db", rows // 10)
        day_of_100k(folder / "days.db")
        if store_server.folder_of_programs() is None:
            say("PostgreSQL", store_server.MISSING)
        else:
            server = store_server.Server(store_server.open_folder())
            stack.callback(server.remove)
            one_fill(server.database(), "PostgreSQL", rows, "p50 <= 200 us")
            beside_a_plain_insert(server.database(), rows)
            bulk_copy(server.database(), 1_000_000 if rows > 1000 else 200_000)
        orders_beside(folder, rows)
        with_sqlalchemy(folder, rows)
        with_pandas(folder, rows // 10)


if __name__ == "__main__":
    main()
