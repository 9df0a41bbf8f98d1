"""The arithmetic of documents: pure functions over Decimal, no documents, no company.

rounding   to cents
amounts    lines, discounts, totals
taxes      sales tax of a basis at some rates
states     the rates of automated sales tax
"""
