"""Contacts from a CSV file: run() does it all.

reading.py   bytes to rows: encoding, separator, quotation marks
headers.py   which list it is and what its columns mean
names.py     names and addresses in one cell, taken apart
drafts.py    a row to what it says about people and a house
known.py, houses.py   which contact or property a row means
planning.py  the outcome of each row
writing.py   storing a chunk
runs.py      the whole run, in one transaction
"""

from contacts.importing.reading import FileRefused
from contacts.importing.runs import Result, run

__all__ = ["FileRefused", "Result", "run"]
