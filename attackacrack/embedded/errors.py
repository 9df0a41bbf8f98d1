class EmbeddedServerError(Exception):
    """The local servers cannot be used; the text is a sentence for the person at the terminal."""
