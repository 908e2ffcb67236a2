"""Lessons: TOML files that make a textbook state on purpose, say what to look at, and check themselves against kernel,
program and wire."""
