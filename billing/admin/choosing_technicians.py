"""The choice of a technician on a form."""

from typing import Any

from django.contrib.auth.models import User
from django.http import HttpRequest

from billing import technicians


class ChoosesTechnicians:
    """For an admin of a model with a `technician`. page_column: what the id in the page's address is to its rows."""

    page_column = "pk"

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "technician":
            page = request.resolver_match.kwargs.get("object_id") if request.resolver_match else None
            shown = self.model._default_manager.filter(**{self.page_column: page})  # type: ignore[attr-defined]
            chosen = User.objects.filter(pk__in=shown.values("technician")) if page else User.objects.none()
            kwargs["queryset"] = technicians.choosable(chosen)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)  # type: ignore[misc]
