"""What the business has brought, for the page Business. Which documents count, and how much of each, is takings.py's.

sales.py       what was invoiced by product; by calendar month
conversion.py  what became of the quotes that went out
customers.py   who has bought most
"""
