"""Rows that are looked at, never edited."""

from typing import Any

from django.http import HttpRequest


class ReadOnly:
    """What a machine writes. In front of an admin class or an inline."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
