"""The banners above every page of the admin."""

from typing import Any

from django import template

from attackacrack.navigation import connection_of
from quickbooks_integration import banners

register = template.Library()


@register.inclusion_tag("attackacrack/banners.html", takes_context=True)
def quickbooks_banners(context: template.Context) -> dict[str, Any]:
    request = context.get("request")
    if request is None or not request.user.is_authenticated:
        return {"banners": []}
    return {"banners": banners.of(connection_of(request), request.user)}
