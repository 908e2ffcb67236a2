"""The `sockmon` command and its subcommands."""
