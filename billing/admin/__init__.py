from billing.admin import catalogue, invoices, jobs, payments, quotes

__all__ = ["catalogue", "invoices", "jobs", "payments", "quotes"]
