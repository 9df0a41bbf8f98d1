"""Backups of the database that are proved by restoring them, and the way back.

A backup is one file: pg_dump's own format, encrypted with age on its way to the disk, and beside it a manifest. It
counts as made once it was read back, decrypted, restored into a database of its own, and every table there held as many
rows as in the moment of the dump.
"""

from attackacrack.backups.files import BackupFile, NotABackup
from attackacrack.backups.making import CannotBackUp, make
from attackacrack.backups.restoring import CannotRestore, restore

__all__ = ["BackupFile", "CannotBackUp", "CannotRestore", "NotABackup", "make", "restore"]
