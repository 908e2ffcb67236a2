"""The version, in a module that imports nothing, so that `--version` and the build both read it at no cost."""

__version__ = "0.1.0"
