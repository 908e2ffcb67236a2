"""Everything that sockmon knows and does without a screen."""
