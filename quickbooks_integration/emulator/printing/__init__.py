"""Documents as PDF.

pdf     the file format: pages of text and lines
paper   what stands where on a sales form or a receipt
calls   the address
"""
