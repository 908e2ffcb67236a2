"""Values that cross a boundary between two parts of sockmon: structs that need neither a clock nor I/O."""
