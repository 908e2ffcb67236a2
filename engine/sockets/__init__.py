"""The kernel's socket table: its sources, its owners, and what changed."""
