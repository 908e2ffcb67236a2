"""The processes of sockmon: the launcher, its workers, the typed channel between them, and their rights."""
