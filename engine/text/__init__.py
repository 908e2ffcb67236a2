"""Pure: what may reach a terminal, units, explanations."""
