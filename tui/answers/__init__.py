"""What the app does when a pane asks: one module a subject, each a base class of the app."""
