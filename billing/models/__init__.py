from billing.models.alerts import ApprovalAlert
from billing.models.books import BooksClosed
from billing.models.catalogue import Product, TaxCode, TaxRate
from billing.models.follow_ups import FollowUp, FollowUpDigest
from billing.models.invoices import Invoice, InvoiceHistory, InvoiceItem
from billing.models.jobs import Appointment, Job, JobParticipant
from billing.models.numbers import NumberSequence
from billing.models.payments import CreditMemo, Payment, PaymentApplication, PaymentHistory
from billing.models.quotes import Quote, QuoteHistory, QuoteItem
from billing.models.templates import QuoteTemplate, QuoteTemplateLine

__all__ = [
    "Appointment",
    "ApprovalAlert",
    "BooksClosed",
    "CreditMemo",
    "FollowUp",
    "FollowUpDigest",
    "Invoice",
    "InvoiceHistory",
    "InvoiceItem",
    "Job",
    "JobParticipant",
    "NumberSequence",
    "Payment",
    "PaymentApplication",
    "PaymentHistory",
    "Product",
    "Quote",
    "QuoteHistory",
    "QuoteItem",
    "QuoteTemplate",
    "QuoteTemplateLine",
    "TaxCode",
    "TaxRate",
]
