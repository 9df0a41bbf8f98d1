"""Told to whoever listens, by hand, once per change, inside its transaction. Listeners must not call a partner."""

from django.dispatch import Signal

# sender: Quote; quote: the Quote; origin: "office", or "quickbooks" for what came from there and must not go back.
quote_changed = Signal()
