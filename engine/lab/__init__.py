"""Makes traffic: actors (one process each), floods, and what a person can turn on them.

`catalogue` lists the kinds and makes an actor; `actor` is what every actor is; `calls` and `logged` keep the log of its
socket calls; `knobs`, `options`, `templates` are what it can be told.
"""
