"""Actors that wait for others: each file holds one way to serve."""
