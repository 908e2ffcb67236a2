"""Pure: the rules, each of which finds one thing that can hold a socket."""
