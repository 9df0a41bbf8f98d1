"""Contacts from a CSV file: run() does it all.

reading.py   bytes to rows: encoding, separator, quotation marks
opening.py   a file opened: its header, its rows
headers.py   which list it is and what its columns mean
names.py     names and addresses in one cell, taken apart
drafts.py    a row to what it says about people and a house
known.py, houses.py   which contact or property a row means
planning.py  the outcome of each row
writing.py   storing a chunk
journal.py   what that made and changed, written down
copying.py   copies of the tables for a dry run
runs.py      the whole run, chunk by chunk
undoing.py   taking an import back; staying.py: what cannot be, and why
"""

from contacts.importing.reading import FileRefused
from contacts.importing.runs import Result, run

__all__ = ["FileRefused", "Result", "run"]
