"""Reports, computed from the company's documents at the moment of asking, in the rows and columns of the service.

calls            the address, and the table of reports
parameters       what a client may ask for; date_macros: "last fiscal quarter" and the like; periods: the columns
postings         what each document adds to which account, accrual or cash
layout           headers, columns, trees of rows
customer_sales, profit_and_loss, receivables     one module per family
"""
