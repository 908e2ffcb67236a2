"""Frames in: live from the kernel or from a file, decoded to segments, kept within a limit."""
