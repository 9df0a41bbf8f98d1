"""Where somebody is signed in."""

from django.contrib.sessions.models import Session
from django.utils import timezone


def end(user_id: int, kept: str | None = None) -> int:
    """Signs the person out, but not of the session with the key `kept`; how many ended. Looks into every session, since
    whose it is stands only in there: for what happens rarely, in an office."""
    open_ones = Session.objects.filter(expire_date__gt=timezone.now()).exclude(session_key=kept)
    theirs = [
        session.session_key
        for session in open_ones.iterator(chunk_size=500)
        if session.get_decoded().get("_auth_user_id") == str(user_id)
    ]
    return Session.objects.filter(session_key__in=theirs).delete()[0]
