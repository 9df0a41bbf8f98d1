"""{{ person|name_of }} in templates; "" for nobody."""

from django import template
from django.contrib.auth.models import AbstractBaseUser

from contacts import colleagues

register = template.Library()


@register.filter
def name_of(person: AbstractBaseUser | None) -> str:
    return colleagues.name_of(person) if person else ""
