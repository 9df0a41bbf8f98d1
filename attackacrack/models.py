"""What a deployment did to rows that people may change, so that the next one does not do it again."""

from django.db import models


class GivenPermission(models.Model):
    """A permission that the project gave to a group once. Who takes it away has the last word."""

    group = models.CharField(max_length=150)
    permission = models.CharField(max_length=255, help_text="app.codename")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["group", "permission"], name="given_permission_once")]

    def __str__(self) -> str:
        return f"{self.permission} to {self.group}"
