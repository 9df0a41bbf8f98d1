"""What QuickBooks' settings say about the books."""

from django.db import models


class BooksClosed(models.Model):
    """One row: the last day of the closed period. QuickBooks refuses every change of what is dated up to it."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    closed_until = models.DateField(null=True, blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name_plural = "books closed"
        constraints = [models.CheckConstraint(name="books_closed_once", condition=models.Q(id=1))]

    def __str__(self) -> str:
        return f"Books closed until {self.closed_until:%b %d, %Y}" if self.closed_until else "Books are open"
