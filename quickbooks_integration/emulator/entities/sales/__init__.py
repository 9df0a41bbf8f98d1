"""Sales forms: estimates, invoices, credit memos, sales receipts, refund receipts.

fields      the fields and the order of keys of each
lines       what becomes of the lines of a request; groups; discounts
taxation    sales tax by code, and automated sales tax
addresses   whose address stands on a form
form        the steps that all of them share
estimates, invoices, credit_memos, receipts
conversion  links between estimates and invoices
"""
