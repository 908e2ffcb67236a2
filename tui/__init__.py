"""The terminal side of sockmon: its command line and its screens."""
