"""Accounts and contracts, as the gateway lists them."""

import pytest
from plain_http import ACCOUNT, COMBINE, MNQ, OLD

from fastorder.simulator import book

# product, name, tick size, tick value: the gateway's list of August 2026
LISTED = """
BP6 6B .0001 6.25 | CA6 6C .00005 5 | CLE CL .01 10 | CPE HG .0005 12.5
DA6 6A .00005 5 | EEU E7 .0001 6.25 | ENQ NQ .25 5 | EP ES .25 12.5
EU6 6E .00005 6.25 | FVA ZF .0078125 7.8125 | GCE GC .1 10 | GLE LE .025 10
GMET MET .5 .05 | HE HE .025 10 | HOE HO .0001 4.2 | JY6 6J .0000005 6.25
M2K M2K .1 .5 | M6A M6A .0001 1 | M6B M6B .0001 .625 | M6E M6E .0001 1.25
MBT MBT 5 .5 | MCLE MCL .01 1 | MES MES .25 1.25 | MGC MGC .1 1
MHG MHG .0005 1.25 | MNG MNG .001 1 | MNQ MNQ .25 .5 | MX6 6M .00001 5
MYM MYM 1 .5 | NE6 6N .00005 5 | NGE NG .001 10 | NKD NKD 5 25
NQG QG .005 12.5 | NQM QM .025 12.5 | PLE PL .1 5 | RBE RB .0001 4.2
RTY RTY .1 5 | SF6 6S .00005 6.25 | SIE SI .005 25 | SIL SIL .005 5
TNA TN .015625 15.625 | TUA ZT .00390625 7.8125 | TYA ZN .015625 15.625
ULA UB .03125 31.25 | USA ZB .03125 31.25 | YM YM 1 5 | ZCE ZC .25 12.5
ZLE ZL .01 6 | ZME ZM .1 10 | ZSE ZS .25 12.5 | ZWA ZW .25 12.5
"""


def test_the_accounts_have_the_gateways_members_and_names(wire):
    reply = wire.ask("Account/search", onlyActiveAccounts=True)
    assert (reply["success"], reply.code, reply.text) == (True, 0, None)
    practice, combine = reply["accounts"]
    assert set(practice) == {
        "id",
        "name",
        "balance",
        "canTrade",
        "isVisible",
        "simulated",
    }
    assert (practice["id"], combine["id"]) == (ACCOUNT, COMBINE)
    assert practice["name"].startswith("PRAC-")
    assert combine["name"].startswith("50KTC-")
    assert (practice["balance"], combine["balance"]) == (150_000, 50_000)
    assert practice["simulated"] is combine["simulated"] is True


def test_an_account_that_may_not_trade_is_not_an_active_one(market, wire):
    closed = book.Account(5, "EXPRESS-1", 1, auto_oco=True, can_trade=False)
    market.call(lambda: market.gateway.add_account(closed))

    def ids(active):
        rows = wire.ask("Account/search", onlyActiveAccounts=active)["accounts"]
        return [row["id"] for row in rows]

    assert ids(True) == [ACCOUNT, COMBINE]
    assert ids(False) == [ACCOUNT, COMBINE, 5]


def test_every_contract_has_the_gateways_grid(wire):
    rows = wire.ask("Contract/available", live=False)["contracts"]
    found = {
        row["symbolId"]: (row["name"], row["tickSize"], row["tickValue"])
        for row in rows
    }
    wanted = {}
    for item in LISTED.replace("\n", "|").split("|"):
        if item.strip():
            product, name, tick, value = item.split()
            wanted[f"F.US.{product}"] = (f"{name}Z6", float(tick), float(value))
    assert found == wanted


def test_a_contract_has_the_gateways_members(wire):
    reply = wire.ask("Contract/searchById", contractId=MNQ)
    assert reply["contract"] == {
        "id": MNQ,
        "name": "MNQZ6",
        "description": "Micro E-mini Nasdaq-100: December 2026",
        "tickSize": 0.25,
        "tickValue": 0.5,
        "activeContract": True,
        "symbolId": "F.US.MNQ",
    }
    assert (reply["success"], reply.code, reply.text) == (True, 0, None)


def test_an_expired_contract_is_found_by_its_id_only(wire):
    assert wire.ask("Contract/searchById", contractId=OLD)["contract"] == {
        **wire.ask("Contract/searchById", contractId=MNQ)["contract"],
        "id": OLD,
        "name": "MNQU6",
        "description": "Micro E-mini Nasdaq-100: September 2026",
        "activeContract": False,
    }
    for path, members in (("search", {"searchText": "MNQ"}), ("available", {})):
        rows = wire.ask(f"Contract/{path}", live=False, **members)["contracts"]
        assert rows
        assert OLD not in [row["id"] for row in rows]


@pytest.mark.parametrize("wanted", ["CON.F.US.NONE.Z26", "", "MNQ"])
def test_an_unknown_contract_is_code_1(wire, wanted):
    reply = wire.ask("Contract/searchById", contractId=wanted)
    assert reply.status == 200
    assert (reply["success"], reply.code, reply["contract"]) == (False, 1, None)


def test_a_search_looks_into_names_and_descriptions(wire):
    def found(text):
        rows = wire.ask("Contract/search", searchText=text, live=False)["contracts"]
        return {row["name"] for row in rows}

    assert found("nq") == {"MNQZ6", "NQZ6"}
    assert {"ESZ6", "MESZ6"} <= found("ES")
    assert found("micro gold") == {"MGCZ6"}
    assert found("no such thing") == set()


def test_a_search_returns_20_contracts_at_most(wire):
    assert len(wire.ask("Contract/available", live=False)["contracts"]) == 51
    rows = wire.ask("Contract/search", searchText="", live=False)["contracts"]
    assert len(rows) == 20


def test_without_the_live_entitlement_live_lists_are_empty(wire):
    for path, members in (("search", {"searchText": "MNQ"}), ("available", {})):
        reply = wire.ask(f"Contract/{path}", live=True, **members)
        assert reply["success"]
        assert reply["contracts"] == []
