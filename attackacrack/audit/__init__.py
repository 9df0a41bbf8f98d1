"""The history of every financial change, sealed so that nobody can alter or remove a row of it unseen.

Each hour beat seals what is new: a hash over the rows and over the seal before it. The newest seal's digest is logged,
outside the database: whoever keeps it can tell later that nothing before it was touched.
"""

from attackacrack.audit.sealing import seal
from attackacrack.audit.verifying import Expected, Finding, verify

__all__ = ["Expected", "Finding", "seal", "verify"]
