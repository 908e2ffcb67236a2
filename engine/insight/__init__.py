"""Pure: joins sockets, flows and programs into balances and verdicts."""
