"""How a verb says no."""


class Refused(Exception):
    """It cannot be done now. str() is a sentence for the office; nothing was changed."""
