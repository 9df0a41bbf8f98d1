"""Allauth's pages in the admin's look."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse

from attackacrack.sign_in import second_factor


def context(request: HttpRequest) -> dict[str, Any]:
    """What the theme's frame needs, for the pages under /accounts/ alone: the admin's own pages bring it."""
    if not request.path.startswith(reverse("account_root")):
        return {}
    return {**admin.site.each_context(request), "second_factor_is_missing": second_factor.is_missing(request)}
