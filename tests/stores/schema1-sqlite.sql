-- A store of schema 1, as it was when that was new. It is never changed.
PRAGMA application_id = 1179603761;
PRAGMA user_version = 1;
CREATE TABLE accounts (
  account_id INTEGER NOT NULL,
  name TEXT,
  can_trade INTEGER,
  visible INTEGER,
  simulated INTEGER,
  seen_ns INTEGER,
  extra TEXT,
  PRIMARY KEY (account_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE contracts (
  contract_id TEXT NOT NULL,
  name TEXT,
  symbol_id TEXT,
  description TEXT,
  tick_size_e9 INTEGER,
  tick_value_u INTEGER,
  active INTEGER,
  seen_ns INTEGER,
  extra TEXT,
  PRIMARY KEY (contract_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE orders (
  account_id INTEGER NOT NULL,
  order_id INTEGER NOT NULL,
  contract_id TEXT,
  side INTEGER,
  kind INTEGER,
  tag TEXT,
  parent_id INTEGER,
  linked_id INTEGER,
  created_ns INTEGER,
  trading_day INTEGER,
  status INTEGER,
  size INTEGER,
  filled INTEGER,
  limit_e9 INTEGER,
  stop_e9 INTEGER,
  trail_ticks INTEGER,
  filled_price_e9 INTEGER,
  updated_ns INTEGER,
  sources INTEGER,
  seen_ns INTEGER,
  extra TEXT,
  PRIMARY KEY (account_id, order_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE order_states (
  account_id INTEGER NOT NULL,
  order_id INTEGER NOT NULL,
  state_id INTEGER NOT NULL,
  status INTEGER,
  size INTEGER,
  filled INTEGER,
  limit_e9 INTEGER,
  stop_e9 INTEGER,
  trail_ticks INTEGER,
  filled_price_e9 INTEGER,
  updated_ns INTEGER,
  sources INTEGER,
  seen_ns INTEGER,
  PRIMARY KEY (account_id, order_id, state_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE intents (
  account_id INTEGER NOT NULL,
  tag TEXT NOT NULL,
  key TEXT,
  contract_id TEXT,
  body TEXT,
  created_ns INTEGER,
  events INTEGER,
  sends INTEGER,
  outcome TEXT,
  order_id INTEGER,
  proof TEXT,
  resolved_ns INTEGER,
  PRIMARY KEY (account_id, tag)
) STRICT, WITHOUT ROWID;
CREATE TABLE fills (
  account_id INTEGER NOT NULL,
  trade_id INTEGER NOT NULL,
  order_id INTEGER,
  contract_id TEXT,
  side INTEGER,
  size INTEGER,
  price_e9 INTEGER,
  at_ns INTEGER,
  trading_day INTEGER,
  month INTEGER,
  gross_u INTEGER,
  fees_u INTEGER,
  commission_u INTEGER,
  voided INTEGER,
  sources INTEGER,
  seen_ns INTEGER,
  extra TEXT,
  PRIMARY KEY (account_id, trade_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE positions (
  account_id INTEGER NOT NULL,
  contract_id TEXT NOT NULL,
  at_ns INTEGER NOT NULL,
  size INTEGER NOT NULL,
  average_e9 INTEGER NOT NULL,
  position_id INTEGER,
  opened_ns INTEGER,
  sources INTEGER,
  extra TEXT,
  PRIMARY KEY (account_id, contract_id, at_ns, size, average_e9)
) STRICT, WITHOUT ROWID;
CREATE TABLE balances (
  account_id INTEGER NOT NULL,
  at_ns INTEGER NOT NULL,
  balance_u INTEGER NOT NULL,
  sources INTEGER,
  PRIMARY KEY (account_id, at_ns, balance_u)
) STRICT, WITHOUT ROWID;
CREATE TABLE equity (
  account_id INTEGER NOT NULL,
  at_ns INTEGER NOT NULL,
  trading_day INTEGER,
  month INTEGER,
  balance_u INTEGER,
  open_u INTEGER,
  sources INTEGER,
  PRIMARY KEY (account_id, at_ns)
) STRICT, WITHOUT ROWID;
CREATE TABLE risk_events (
  account_id INTEGER NOT NULL,
  at_ns INTEGER NOT NULL,
  code TEXT NOT NULL,
  why TEXT NOT NULL,
  sources INTEGER,
  PRIMARY KEY (account_id, at_ns, code, why)
) STRICT, WITHOUT ROWID;
CREATE TABLE sessions (
  session_id TEXT NOT NULL,
  strategy TEXT,
  version TEXT,
  parameters TEXT,
  mode TEXT,
  started_ns INTEGER,
  ended_ns INTEGER,
  PRIMARY KEY (session_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE session_tags (
  tag TEXT NOT NULL,
  session_id TEXT,
  PRIMARY KEY (tag)
) STRICT, WITHOUT ROWID;
CREATE TABLE discrepancies (
  kind TEXT NOT NULL,
  account_id INTEGER NOT NULL,
  item TEXT NOT NULL,
  digest INTEGER NOT NULL,
  ours TEXT,
  theirs TEXT,
  seen_ns INTEGER,
  PRIMARY KEY (kind, account_id, item, digest)
) STRICT, WITHOUT ROWID;
CREATE TABLE watermarks (
  source TEXT NOT NULL,
  account_id INTEGER NOT NULL,
  since_ns INTEGER,
  up_to_ns INTEGER,
  PRIMARY KEY (source, account_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE anchors (
  account_id INTEGER NOT NULL,
  contract_id TEXT NOT NULL,
  from_ns INTEGER,
  amount INTEGER,
  PRIMARY KEY (account_id, contract_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX orders_by_tag ON orders (tag);
CREATE INDEX fills_in_time ON fills (account_id, at_ns);
CREATE INDEX fills_by_order ON fills (account_id, order_id);
CREATE VIEW fills_in_dollars AS SELECT account_id, trade_id, order_id, contract_id, trading_day, at_ns, CASE side WHEN 0 THEN 'BUY' ELSE 'SELL' END AS side, size, price_e9 / 1e9 AS price, gross_u / 1e6 AS gross, fees_u / 1e6 AS fees, commission_u / 1e6 AS commission, (coalesce(gross_u, 0) - coalesce(fees_u, 0) - coalesce(commission_u, 0)) / 1e6 AS net, voided FROM fills;
CREATE VIEW days_in_dollars AS SELECT account_id, trading_day, contract_id, count(*) AS fills, sum(size) AS contracts, sum(coalesce(gross_u, 0)) / 1e6 AS gross, sum(coalesce(fees_u, 0) + coalesce(commission_u, 0)) / 1e6 AS fees, sum(coalesce(gross_u, 0) - coalesce(fees_u, 0) - coalesce(commission_u, 0)) / 1e6 AS net FROM fills WHERE voided = 0 GROUP BY account_id, trading_day, contract_id;
INSERT INTO accounts VALUES(12345678,'PRAC-V2-1',1,1,1,1795968072788598016,'{}');
INSERT INTO anchors VALUES(12345678,'',1,50000000000);
INSERT INTO balances VALUES(12345678,1795968072788598016,50000000000,1);
INSERT INTO contracts VALUES('CON.F.US.MNQ.Z26','MNQZ6','F.US.MNQ','Micro Nasdaq',250000000,500000,1,1795968072788399130,'{}');
INSERT INTO discrepancies VALUES('fills',12345678,'1',-8069123487703203521,'{"size":1}','{"size":9}',1795968072788597015);
INSERT INTO equity VALUES(12345678,1795968072788600520,20261127,202611,50000000000,-2500000,8);
INSERT INTO fills VALUES(12345678,1,101,'CON.F.US.MNQ.Z26',0,1,29423250000000,1796052601406128900,20261130,202611,NULL,360000,250000,0,1,1795968072788592708,'{}');
INSERT INTO fills VALUES(12345678,2,102,'CON.F.US.MNQ.Z26',1,1,29425250000000,1796052602406128900,20261130,202611,4000000,360000,NULL,0,1,1795968072788596384,'{}');
INSERT INTO fills VALUES(12345678,3,103,'CON.F.US.MNQ.Z26',0,1,29423250000000,1796052603406128900,20261130,202611,NULL,360000,NULL,1,1,1795968072788596764,'{}');
INSERT INTO intents VALUES(12345678,'tag-101','my-key','CON.F.US.MNQ.Z26','{}',1,2,1,'ACCEPTED',101,'told',2);
INSERT INTO order_states VALUES(12345678,101,-1840365850148469608,2,2,2,29423250000000,NULL,NULL,NULL,1796052604000000000,1,1795968072788592057);
INSERT INTO order_states VALUES(12345678,101,3057785701745651777,6,2,0,29423250000000,NULL,NULL,NULL,1796052608000000000,1,1795968072788591536);
INSERT INTO order_states VALUES(12345678,102,-6018128891401156105,8,2,0,29423250000000,NULL,NULL,NULL,1796052610000000000,1,1795968072788592238);
INSERT INTO orders VALUES(12345678,101,'CON.F.US.MNQ.Z26',0,1,'tag-101',NULL,NULL,1796052601000000000,20261130,2,2,2,29423250000000,NULL,NULL,NULL,1796052604000000000,1,1795968072788591536,'{"symbolId":"F.US.MNQ"}');
INSERT INTO orders VALUES(12345678,102,'CON.F.US.MNQ.Z26',0,1,NULL,101,NULL,1796052601000000000,20261130,8,2,0,29423250000000,NULL,NULL,NULL,1796052610000000000,1,1795968072788592238,'{"symbolId":"F.US.MNQ"}');
INSERT INTO positions VALUES(12345678,'CON.F.US.MNQ.Z26',1795968072788597565,2,29423250000000,7,1796052601000000000,1,'{}');
INSERT INTO risk_events VALUES(12345678,1795968072788962835,'MAX_DAILY_LOSS','lost 500 of 500',8);
INSERT INTO session_tags VALUES('tag-101','596f8d8a99bc91b1');
INSERT INTO sessions VALUES('596f8d8a99bc91b1','breakout','','{"n":20}','live',1795968072788514982,1795968072788527100);
INSERT INTO watermarks VALUES('trades',12345678,1,2);
