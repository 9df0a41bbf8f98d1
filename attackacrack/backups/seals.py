"""What the backups that are kept know of the history's seals."""

from django.conf import settings

from attackacrack.audit import Expected
from attackacrack.backups import files


def kept() -> list[Expected]:
    """Of each backup a seal that has to be there: whoever removes rows and their seals has no hand on the backups, and the
    newest one may have been made after that."""
    return [Expected(one.seal, one.made_at) for one in files.all_in(settings.BACKUP_FOLDER) if one.seal]
