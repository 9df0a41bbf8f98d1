"""Told to whoever listens, by hand, once per change, inside its transaction. Listeners must not call a partner."""

from django.dispatch import Signal

contact_changed = Signal()  # sender: Contact; contact, origin ("office")
contacts_filled = Signal()  # sender: Contact; contact_ids: many at once, that a list changed; their rows say when
