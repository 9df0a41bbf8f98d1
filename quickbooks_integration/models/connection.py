"""The connection to one QuickBooks company, and the log of what was asked of it."""

from datetime import datetime, timedelta
from typing import Any, Self

import pghistory
from django.conf import settings
from django.db import models
from django.db.models.lookups import Exact
from django.utils import timezone

from quickbooks_integration.fields import EncryptedTextField


def is_ciphertext(column: str) -> Exact:
    """Whether the column starts as Fernet's output does: an expression or a hand could still write plain text into it."""
    start = models.Func(models.F(column), 1, 5, function="substring", output_field=models.BinaryField())
    return Exact(start, models.Value(b"gAAAA", output_field=models.BinaryField()))


class ConnectionQuerySet(models.QuerySet["QuickBooksAuth"]):
    def in_use(self) -> Self:
        """The one company that is not disconnected, if any."""
        return self.exclude(state=QuickBooksAuth.State.DISCONNECTED)

    def with_tokens(self) -> Self:
        """Reads the tokens too. Raises UnreadableToken when their key is lost."""
        return self.defer(None)


class ConnectionManager(models.Manager.from_queryset(ConnectionQuerySet)):
    """Leaves the tokens where they are unless asked: a lost key must not break pages that only want the name."""

    def get_queryset(self) -> ConnectionQuerySet:
        return super().get_queryset().defer("access_token", "refresh_token")


@pghistory.track(
    pghistory.InsertEvent(),
    pghistory.UpdateEvent(),
    # Old tokens must not live on in the history.
    model_name="QuickBooksAuthEvent",
    fields=[
        "company_id",
        "company_name",
        "environment",
        "state",
        "connected_by",
        "error_message",
        "pull_only_since",
        "pull_only_by",
        "reads_first_since",
        "auto_sync_off_since",
        "auto_sync_off_by",
    ],
)
class QuickBooksAuth(models.Model):
    """Tokens and state of one company (realm). The tokens are ciphertext in the database and "" once disconnected."""

    class State(models.TextChoices):
        CONNECTED = "connected", "Connected"
        NEEDS_RECONNECT = "needs_reconnect", "Needs reconnect"
        DISCONNECTED = "disconnected", "Disconnected"

    class Environment(models.TextChoices):
        EMULATOR = "emulator", "Emulator"
        SANDBOX = "sandbox", "Sandbox"
        PRODUCTION = "production", "Live"

    company_id = models.CharField("QuickBooks company id", max_length=50, unique=True)
    company_name = models.CharField(max_length=200, blank=True)
    environment = models.CharField(max_length=20, choices=Environment)
    state = models.CharField(max_length=20, choices=State, default=State.CONNECTED)
    access_token = EncryptedTextField()
    refresh_token = EncryptedTextField()
    expires_at = models.DateTimeField(help_text="End of the access token, about an hour after its refresh.")
    # Intuit: the refresh token dies when unused for 100 days; each refresh pushes this forward.
    refresh_expires_at = models.DateTimeField()
    # Intuit: five years after the consent every refresh token ends, used or not. Unknown unless Intuit says it.
    hard_expires_at = models.DateTimeField(null=True, blank=True)
    refreshed_at = models.DateTimeField()
    connected_at = models.DateTimeField()
    connected_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True)
    error_message = models.TextField(blank=True, help_text="Why the connection does not work; empty when it does.")
    pull_only_since = models.DateTimeField(
        null=True, blank=True, help_text="Since when nothing is written to QuickBooks; empty: as usual."
    )
    pull_only_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    reads_first_since = models.DateTimeField(
        null=True,
        blank=True,
        help_text="Restored from a backup then: nothing is written before everything was read again.",
    )
    auto_sync_off_since = models.DateTimeField(
        null=True,
        blank=True,
        help_text="Since when beat does not ask QuickBooks what changed; webhooks, the nightly check and what is sent still"
        " read there. Empty: as usual.",
    )
    auto_sync_off_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    auto_sync_on_since = models.DateTimeField(
        null=True, blank=True, help_text="When it was switched on again last: what was not read before is not late."
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = ConnectionManager()

    class Meta:
        verbose_name = "QuickBooks connection"
        base_manager_name = "objects"  # also what `run.company` reads with
        permissions = [
            ("connect_quickbooks", "Can connect and disconnect QuickBooks"),
            ("sync_quickbooks", "Can start a sync with QuickBooks"),
        ]
        constraints = [
            models.CheckConstraint(
                name="quickbooks_auth_state_known",
                condition=models.Q(state__in=["connected", "needs_reconnect", "disconnected"]),
            ),
            models.CheckConstraint(
                name="quickbooks_auth_tokens_encrypted",
                condition=models.Q(is_ciphertext("access_token")) & models.Q(is_ciphertext("refresh_token")),
            ),
            # One company at a time: links and documents of two would mix.
            models.UniqueConstraint(
                models.Value(1),
                name="quickbooks_auth_one_in_use",
                condition=~models.Q(state="disconnected"),
            ),
        ]

    def __str__(self) -> str:
        return self.company_name or "QuickBooks company"

    @property
    def is_write_paused(self) -> bool:
        """By a person, or by a restore until everything was read."""
        return self.pull_only_since is not None or self.reads_first_since is not None

    @property
    def reconnect_before(self) -> datetime:
        """The moment after which only a new consent helps, unless a refresh comes before."""
        return min(filter(None, [self.refresh_expires_at, self.hard_expires_at]))

    def expires_within(self, period: timedelta) -> bool:
        return self.expires_at <= timezone.now() + period

    def keep(self, tokens: dict[str, Any]) -> None:
        """Takes over Intuit's answer to a sign-in or a refresh; its times are seconds from now. Does not save."""
        now = timezone.now()
        self.access_token, self.refresh_token = tokens["access_token"], tokens["refresh_token"]
        self.expires_at = now + timedelta(seconds=tokens["expires_in"])
        self.refresh_expires_at = now + timedelta(seconds=tokens["x_refresh_token_expires_in"])
        hard = tokens.get("x_refresh_token_hard_expires_in")
        if isinstance(hard, int) and hard > 0:  # an extra that must never cost us the tokens it came with
            self.hard_expires_at = now + timedelta(seconds=hard)
        self.refreshed_at = now
        self.state, self.error_message = self.State.CONNECTED, ""

    def forget_tokens(self) -> None:
        """After this nothing of the sign-in is left here. Does not save."""
        self.access_token = self.refresh_token = ""
        self.expires_at = self.refresh_expires_at = timezone.now()
        self.hard_expires_at = None


class ApiCall(models.Model):
    """One request to Intuit, without bodies, tokens or personal data. Old rows are swept by beat."""

    company = models.ForeignKey(
        QuickBooksAuth,
        on_delete=models.CASCADE,
        to_field="company_id",
        related_name="calls",
        null=True,
    )
    at = models.DateTimeField(db_index=True)
    method = models.CharField(max_length=6)
    path = models.CharField(max_length=200, help_text="Without the query text.")
    status = models.PositiveSmallIntegerField(null=True, help_text="HTTP status; empty when no answer came.")
    milliseconds = models.PositiveIntegerField()
    intuit_tid = models.CharField(max_length=100, blank=True, help_text="Intuit's support asks for it.")
    error_kind = models.CharField(max_length=20, blank=True)
    error_code = models.CharField(max_length=20, blank=True)

    class Meta:
        ordering = ["-id"]
        verbose_name = "call to QuickBooks"
        verbose_name_plural = "calls to QuickBooks"

    def __str__(self) -> str:
        return f"{self.method} {self.path}"
