"""Our documents, locked."""

from typing import TypeVar

from django.db.models import Model

Document = TypeVar("Document", bound=Model)


def locked(model: type[Document], local_id: int | None, *related: str) -> Document | None:
    """Our document with what it points to, locked until the end of the transaction; None if it was deleted.

    Read after the wait: a join with a locked row that went to another contact meanwhile finds nothing.
    """
    rows = model._default_manager.filter(pk=local_id or 0)
    list(rows.select_for_update(no_key=True).values_list("pk"))
    return rows.select_related(*related).first()
