from billing.admin import catalogue, follow_ups, invoices, jobs, payments, quotes, templates

__all__ = ["catalogue", "follow_ups", "invoices", "jobs", "payments", "quotes", "templates"]
