"""Makes traffic: the actors that run as one process each."""
