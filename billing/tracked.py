"""What of billing has its changes told, line by line."""

from functools import partial

from billing import invoices
from contacts.changes import Kind, Part

KINDS = (
    Kind("quote", "Quote", "billing.QuoteEvent", "billing.view_quote",
         (Part("billing.QuoteItemEvent", "Line", "quote", ("description",)),)),
    Kind("invoice", "Invoice", "billing.InvoiceEvent", "billing.view_invoice",
         (Part("billing.InvoiceItemEvent", "Line", "invoice", ("description",)),), partial(invoices.named, start=True)),
    Kind("payment", "Payment", "billing.PaymentEvent", "billing.view_payment",
         (Part("billing.PaymentApplicationEvent", "Use", "payment", ("amount", "invoice", "credit_memo")),)),
    Kind("credit", "Credit memo", "billing.CreditMemoEvent", "billing.view_creditmemo"),
    Kind("job", "Job", "billing.JobEvent", "billing.view_job"),
    Kind("product", "Product", "billing.ProductEvent", "billing.view_product"),
)  # fmt: skip
