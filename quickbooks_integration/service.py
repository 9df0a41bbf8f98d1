"""QuickBooksService: the only door to Intuit."""

import hashlib
import logging
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any, Self

from django.conf import settings
from django.core.cache import caches
from django.db import transaction
from django.views.decorators.debug import sensitive_variables
from redis.exceptions import RedisError

from quickbooks_integration import addresses, changes, oauth
from quickbooks_integration.changes import Changes
from quickbooks_integration.client import Document, QuickBooksClient
from quickbooks_integration.errors import NOT_UNDERSTOOD, RECONNECT, Kind, QuickBooksError, not_understood
from quickbooks_integration.fields import UnreadableToken
from quickbooks_integration.models import QuickBooksAuth

logger = logging.getLogger(__name__)

# Intuit: refresh near the end of the access token's hour, not with every request.
REFRESH_BEFORE = timedelta(minutes=5)
STATE_LASTS = 10 * 60
# Seconds that one call may take with its repeats: a worker can wait out a throttled minute, a person cannot.
WORKER_PATIENCE, PAGE_PATIENCE = 180.0, 15.0

NOT_CONNECTED = "QuickBooks is not connected. Open QuickBooks > Connection and choose Connect."
UNREADABLE = (
    "The stored QuickBooks sign-in cannot be read: the key that it was locked with is missing from FERNET_KEYS. Put the "
    "old key back, or open QuickBooks > Connection and choose Reconnect. Nothing else is lost."
)
WRONG_STATE = (
    "This sign-in was started more than ten minutes ago, or was used already. Nothing was changed: please start again "
    "with Connect."
)
NO_MEMORY = (
    "The sign-in cannot be started because the CRM's Redis server does not answer. Nothing was changed: please tell "
    "whoever looks after the CRM."
)


class QuickBooksService:
    """Talks to Intuit for one connection. One object is for one job of one thread.

    Without a connection only the two steps of the sign-in work. Calls to the API never run inside a transaction.
    """

    def __init__(
        self, auth: QuickBooksAuth | None = None, patience: float = WORKER_PATIENCE, *, for_person: bool = False
    ) -> None:
        """for_person: somebody waits for it, so it goes before background work and tries in spite of an outage."""
        self._auth = auth
        self.patience = patience
        self.for_person = for_person

    @classmethod
    def for_page(cls) -> Self:
        """As current, for a page that somebody has opened."""
        return cls.current(PAGE_PATIENCE, for_person=True)

    @classmethod
    def current(cls, patience: float = WORKER_PATIENCE, *, for_person: bool = False) -> Self:
        """The service of the connected company. QuickBooksError(login) with what to do when there is none."""
        try:
            auth = QuickBooksAuth.objects.with_tokens().in_use().first()
        except UnreadableToken as error:
            raise _unreadable(error) from error
        if auth is None:
            raise QuickBooksError(Kind.LOGIN, NOT_CONNECTED)
        refuse_unusable(auth)
        return cls(auth, patience, for_person=for_person)

    @property
    def auth(self) -> QuickBooksAuth:
        """The connection as this service knows it, tokens included."""
        if self._auth is None:
            raise QuickBooksError(Kind.LOGIN, NOT_CONNECTED)
        return self._auth

    @property
    def base_url(self) -> str:
        """Intuit's API host, by QUICKBOOKS_SANDBOX or QUICKBOOKS_EMULATOR_URL."""
        return addresses.current().api

    # --- Signing in ----------------------------------------------------------------------------

    def get_authorization_url(self, state: str) -> str:
        """Intuit's consent page. `state` must be hard to guess and bound to the browser; it works once, for ten minutes."""
        try:
            caches["redis"].set(_state_key(state), "issued", STATE_LASTS)
        except RedisError as error:
            raise QuickBooksError(Kind.TRANSIENT, NO_MEMORY) from error
        return oauth.authorization_url(state)

    @sensitive_variables()
    def exchange_code_for_tokens(self, code: str, state: str) -> dict[str, Any]:
        """Intuit's tokens: access_token, refresh_token and their lives in seconds (expires_in, x_refresh_token_expires_in).

        The caller stores them (connecting.store), which needs the company's id. Raises QuickBooksError: refused when
        the state is unknown, too old or used, and nothing is asked then.
        """
        try:
            is_ours = caches["redis"].delete(_state_key(state))  # of several callers only one deletes it
        except RedisError as error:
            raise QuickBooksError(Kind.TRANSIENT, NO_MEMORY) from error
        if not is_ours:
            raise QuickBooksError(Kind.REFUSED, WRONG_STATE)
        return oauth.exchange(code)

    def refresh_access_token(self) -> bool:
        """Makes sure of a fresh pair of tokens; of many workers at once one asks Intuit, the others take its pair.

        False: Intuit wants a person to sign in again, and the connection says so. Raises QuickBooksError(transient)
        when Intuit cannot be asked; nothing has changed then. Not inside a transaction.
        """
        return self.renew(self.auth.access_token)

    @sensitive_variables()
    def renew(self, refused: str) -> bool:
        """As refresh_access_token, unless a token other than `refused` is stored already: then that one is taken."""
        with transaction.atomic(durable=True):
            # no_key: rows that point here can still be written while Intuit is asked.
            stored = QuickBooksAuth.objects.with_tokens().select_for_update(no_key=True).get(pk=self.auth.pk)
            self._auth = stored
            if stored.state != QuickBooksAuth.State.CONNECTED:
                return False
            if stored.access_token != refused:
                return True
            trouble = self._refresh_locked(stored)
        # Raised only now, so that what was written about it stays.
        if trouble and trouble.kind != Kind.LOGIN:
            raise _of_the_sign_in(trouble)
        return trouble is None

    def _refresh_locked(self, stored: QuickBooksAuth) -> QuickBooksError | None:
        """The token was read under the lock, so a refusal is final: nobody else can have replaced it."""
        try:
            stored.keep(oauth.refresh(stored.company_id, stored.refresh_token))
        except QuickBooksError as error:
            if error.kind == Kind.LOGIN:
                stored.state, stored.error_message = QuickBooksAuth.State.NEEDS_RECONNECT, RECONNECT
                stored.save(update_fields=["state", "error_message", "updated_at"])
                logger.error("QuickBooks refused the refresh token (%s): a person must reconnect.", error.code)
            return error
        stored.save()
        return None

    def access_token(self) -> str:
        """A token with some minutes of life left. QuickBooksError(login) when a person must sign in first."""
        refuse_unusable(self.auth)
        try:
            if self.auth.expires_within(REFRESH_BEFORE):
                self._refresh_in_time()
            return self.auth.access_token
        except UnreadableToken as error:
            raise _unreadable(error) from error

    def _refresh_in_time(self) -> None:
        try:
            renewed = self.refresh_access_token()
        except QuickBooksError:
            if self.auth.expires_within(timedelta()):
                raise
            logger.warning("QuickBooks' token could not be refreshed yet; the old one still works for a while.")
            return
        if not renewed:
            refuse_unusable(self.auth)

    # --- Asking --------------------------------------------------------------------------------

    @cached_property
    def client(self) -> QuickBooksClient:
        return QuickBooksClient(
            company_id=self.auth.company_id,
            minorversion=settings.QUICKBOOKS_MINOR_VERSION,
            sign_in=self,
            patience=self.patience,
            for_person=self.for_person,
        )

    def make_api_request(
        self,
        endpoint: str,
        method: str = "GET",
        data: Document | str | None = None,
        *,
        params: dict[str, Any] | None = None,
        content_type: str = "application/json",
        request_id: str | None = None,
    ) -> Document:
        """Asks the company's `endpoint` ("invoice/12", "cdc"); the decoded document, fractions as Decimal.

        Timed, limited, repeated while that is safe, and recorded. `request_id` (up to 50 characters) makes a repeated
        write safe; a JSON write without one gets its own. Raises QuickBooksError. Not inside a transaction.
        """
        url = f"{self.base_url}/v3/company/{self.auth.company_id}/{endpoint.lstrip('/')}"
        return self.client.make_request(method, url, data, content_type, params, request_id=request_id)

    def query(self, statement: str) -> Document:
        """The whole answer to a query: {"QueryResponse": {...}, "time": ...}."""
        answer = self.client.query(statement)
        if not isinstance(answer.get("QueryResponse"), dict):
            raise QuickBooksError(Kind.TRANSIENT, NOT_UNDERSTOOD, status=200)
        return answer

    def changes(self, entities: Sequence[str], since: datetime) -> Changes:
        """What changed or was deleted since (aware) in these kinds, as they are now: one call, and Intuit's at most 1,000
        objects. Intuit: it reaches back 30 days; an older time is refused."""
        asked = since.astimezone(UTC).isoformat(timespec="seconds")
        params = {"entities": ",".join(entities), "changedSince": asked}
        return changes.read(self.make_api_request("cdc", params=params), entities)

    def company_info(self) -> Document:
        """QuickBooks' CompanyInfo object."""
        return _entity(self.make_api_request(f"companyinfo/{self.auth.company_id}"), "CompanyInfo")["CompanyInfo"]

    def create(self, entity: str, body: Document | str, request_id: str) -> Document:
        """Creates an object; the answer is {"Customer": {...}, "time": ...}. The same request_id never creates two."""
        answer = self.make_api_request(entity.lower(), "POST", body, request_id=request_id)
        return _entity(answer, entity)

    def read(self, entity: str, entity_id: str) -> Document:
        """One object as it is now: {"Estimate": {...}, "time": ...}. QuickBooksError with code 610 when it is gone.

        Of the live books an invoice comes with the link under which its customer pays. Elsewhere it is not asked for:
        a link of test books must never reach a customer.
        """
        is_live = self.auth.environment == QuickBooksAuth.Environment.PRODUCTION
        params = {"include": "invoiceLink"} if entity == "Invoice" and is_live else None
        return _entity(self.make_api_request(f"{entity.lower()}/{entity_id}", params=params), entity)

    def send(self, entity: str, entity_id: str, address: str) -> Document:
        """QuickBooks mails the document to this address, once with every call: never repeat one whose outcome is not
        known. The answer is the whole object: {"Estimate": {...}, "time": ...}."""
        endpoint = f"{entity.lower()}/{entity_id}/send"
        # Intuit: an empty body, under a content type that is no JSON; the transport repeats nothing of that kind.
        answer = self.make_api_request(
            endpoint, "POST", params={"sendTo": address}, content_type="application/octet-stream"
        )
        return _entity(answer, entity)

    def pdf(self, entity: str, entity_id: str) -> bytes:
        """The document as QuickBooks prints it. QuickBooksError with code 610 when it is gone."""
        url = f"{self.base_url}/v3/company/{self.auth.company_id}/{entity.lower()}/{entity_id}/pdf"
        params = {"minorversion": settings.QUICKBOOKS_MINOR_VERSION}
        response = self.client.process_request("GET", url, {"Accept": "application/pdf"}, params)
        if not response.content.startswith(b"%PDF"):
            raise not_understood(response.status_code, response.headers.get("intuit_tid", ""))
        return response.content

    def write(self, entity: str, body: str, request_id: str, **operation: str) -> Document:
        """Sends exactly these bytes under this request id; operation as Intuit's URL says it (operation="void").

        The answer is the whole object: {"Estimate": {...}, "time": ...}; of a delete only its id and status.
        """
        answer = self.make_api_request(entity.lower(), "POST", body, params=operation, request_id=request_id)
        return _entity(answer, entity)

    def update(self, entity: str, body: Document | str, request_id: str) -> Document:
        """As create, for a body with Id and SyncToken ("sparse": true keeps the fields that it leaves out).

        QuickBooksError(stale) when somebody changed the object after that SyncToken.
        """
        return self.create(entity, body, request_id)


def _entity(answer: Document, entity: str) -> Document:
    if not any(key.lower() == entity.lower() and isinstance(value, dict) for key, value in answer.items()):
        raise QuickBooksError(Kind.TRANSIENT, NOT_UNDERSTOOD, status=200)
    return answer


def _of_the_sign_in(trouble: QuickBooksError) -> QuickBooksError:
    """A token that is refused is no refusal of what was about to be written: the company pauses, and nothing waits for a
    person one by one."""
    if trouble.kind != Kind.REFUSED:
        return trouble
    told = {"code": trouble.code, "status": trouble.status, "intuit_tid": trouble.intuit_tid}
    return QuickBooksError(Kind.LOGIN, trouble.message, **told)


def _unreadable(error: UnreadableToken) -> QuickBooksError:
    logger.error("%s", error)
    return QuickBooksError(Kind.LOGIN, UNREADABLE)


def _state_key(state: str) -> str:
    return f"quickbooks-sign-in:{hashlib.sha256(state.encode()).hexdigest()}"


def refuse_unusable(auth: QuickBooksAuth) -> None:
    """QuickBooksError(login) with what to do, unless this connection may be used. Does not look at the tokens."""
    if auth.state == QuickBooksAuth.State.DISCONNECTED:
        raise QuickBooksError(Kind.LOGIN, NOT_CONNECTED)
    if auth.state == QuickBooksAuth.State.NEEDS_RECONNECT:
        raise QuickBooksError(Kind.LOGIN, auth.error_message or RECONNECT)
    configured = QuickBooksAuth.Environment(addresses.environment())
    if auth.environment != configured:  # the tokens of one must never be sent to another
        raise QuickBooksError(
            Kind.LOGIN,
            f"The CRM was connected to QuickBooks {auth.get_environment_display().lower()}, but is now set up for "
            f"{configured.label.lower()}. Put the setting back, or open QuickBooks > Connection and choose Reconnect.",
        )
