from billing.models.catalogue import Product, TaxCode, TaxRate
from billing.models.invoices import Invoice, InvoiceItem
from billing.models.jobs import Appointment, Job, JobParticipant
from billing.models.numbers import NumberSequence
from billing.models.payments import CreditMemo, Payment, PaymentApplication
from billing.models.quotes import Quote, QuoteHistory, QuoteItem

__all__ = [
    "Appointment",
    "CreditMemo",
    "Invoice",
    "InvoiceItem",
    "Job",
    "JobParticipant",
    "NumberSequence",
    "Payment",
    "PaymentApplication",
    "Product",
    "Quote",
    "QuoteHistory",
    "QuoteItem",
    "TaxCode",
    "TaxRate",
]
