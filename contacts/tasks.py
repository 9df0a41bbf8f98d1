from celery import shared_task

from contacts import conversations, merging
from contacts.importing import undoing, uploads
from contacts.merging import wanting
from contacts.openphone import events, pulling
from contacts.openphone.errors import OpenPhoneError


@shared_task
def check_upload(pk: int) -> None:
    uploads.check(pk)


@shared_task
def finish_upload(pk: int) -> None:
    uploads.finish(pk)


@shared_task
def take_back_import(pk: int) -> None:
    undoing.take_back(pk)


@shared_task
def gather_late_rows() -> int:
    """Of merges that are done, after those that are wanted and can be done by now."""
    wanting.finish()
    return merging.gather()


@shared_task
def attach_conversations() -> int:
    """To contacts that an import, a pull or a merge has brought their numbers."""
    return conversations.attach()


@shared_task
def pull_from_openphone() -> int | None:
    """Does nothing without a key. Trouble is noted for the page of conversations and is over with the next reading."""
    try:
        return pulling.pull()
    except OpenPhoneError:
        return None


@shared_task
def keep_openphone_events() -> int:
    return events.keep_waiting()


@shared_task
def sweep_openphone_events() -> int:
    return events.sweep()
