"""Columns for what people write freely, and for what is derived from it."""

from typing import Any

from django.db import models

from contacts.card_numbers import masked
from contacts.matching import normalise


class WithoutCardNumbers(models.Field):  # type: ignore[type-arg]
    """Masks card numbers on every way into the database: save, bulk_create, update and bulk_update."""

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        """The object says the same as its row from then on."""
        value = super().pre_save(model_instance, add)
        if isinstance(value, str):
            value = masked(value)
            setattr(model_instance, self.attname, value)
        return value

    def get_prep_value(self, value: Any) -> Any:
        value = super().get_prep_value(value)
        return masked(value) if isinstance(value, str) else value


class FreeText(WithoutCardNumbers, models.TextField):  # type: ignore[misc, type-arg]
    """Several lines."""


class FreeTextLine(WithoutCardNumbers, models.CharField):  # type: ignore[misc, type-arg]
    """One line; what is masked may be longer than what was typed."""

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        value = super().pre_save(model_instance, add)
        if isinstance(value, str):
            value = value[: self.max_length]
            setattr(model_instance, self.attname, value)
        return value

    def get_prep_value(self, value: Any) -> Any:
        value = super().get_prep_value(value)
        return value[: self.max_length] if isinstance(value, str) else value


class HouseKey(models.CharField):  # type: ignore[type-arg]
    """normalise.place of the row's street and zip_code, derived on every way into the database but update()."""

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        key = normalise.place(getattr(model_instance, "street"), getattr(model_instance, "zip_code"))  # noqa: B009
        setattr(model_instance, self.attname, key)
        return key
