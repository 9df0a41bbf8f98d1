from billing.admin import catalogue, invoices, jobs, payments, quotes, templates

__all__ = ["catalogue", "invoices", "jobs", "payments", "quotes", "templates"]
