"""The products that the gateway lists: its codes, and the names that people say."""

from __future__ import annotations

SEEN = "2026-08"
"""When the gateway's list was taken down. It is a help for reading names: what a
contract is, the gateway's own answer says."""

_TABLE = """
6B:BP6 6C:CA6 CL:CLE HG:CPE 6A:DA6 E7:EEU NQ:ENQ ES:EP 6E:EU6 ZF:FVA GC:GCE LE:GLE
MET:GMET HE:HE HO:HOE 6J:JY6 M2K:M2K M6A:M6A M6B:M6B M6E:M6E MBT:MBT MCL:MCLE MES:MES
MGC:MGC MHG:MHG MNG:MNG MNQ:MNQ 6M:MX6 MYM:MYM 6N:NE6 NG:NGE NKD:NKD QG:NQG QM:NQM
PL:PLE RB:RBE RTY:RTY 6S:SF6 SI:SIE SIL:SIL TN:TNA ZT:TUA ZN:TYA UB:ULA ZB:USA YM:YM
ZC:ZCE ZL:ZLE ZM:ZME ZS:ZSE ZW:ZWA
"""

CODES = dict(pair.split(":") for pair in _TABLE.split())
"""The gateway's code of each product, by the exchange's name of it: ES has EP."""

NAMES = frozenset({*CODES, *CODES.values()})
"""All that a person may call a product by."""
