"""Actors that begin the conversation: each file holds one way to do so."""
