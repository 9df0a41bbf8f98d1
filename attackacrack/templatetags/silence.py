"""The banner of what is silent, above every page of the admin."""

from typing import Any

from django import template

from attackacrack.health import looking

register = template.Library()


@register.inclusion_tag("attackacrack/silence.html", takes_context=True)
def silence_banner(context: template.Context) -> dict[str, Any]:
    request = context.get("request")
    if request is None or not request.user.is_staff or context.get("is_popup"):
        return {"silences": []}
    return {"silences": looking.found_last()}
