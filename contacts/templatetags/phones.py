"""{{ number|readable_phone }} in templates."""

from django import template

from contacts.matching import normalise

register = template.Library()
register.filter("readable_phone", normalise.readable)
