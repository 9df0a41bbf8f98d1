"""Told to whoever listens, by hand, once per change, inside its transaction. Listeners must not call a partner.

Each is sent with the document under its own name and origin: "office" for what a person or a rule here did,
"quickbooks" for what came from there and must not go back, "link" for what QuickBooks does by itself when another
document changes: a void invoice lets go of its payments and opens its estimate again.
"""

from django.dispatch import Signal

quote_changed = Signal()  # sender: Quote; quote, origin
invoice_changed = Signal()  # sender: Invoice; invoice, origin
payment_changed = Signal()  # sender: Payment; payment, origin
