"""The transport to QuickBooks: python-quickbooks with what it lacks.

Time limits, a limiter, repeats that cannot do a thing twice, exact decimals, typed errors and a record of each call.
"""

import random
import time
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import uuid4

import requests
import simplejson
from django.conf import settings
from django.db import transaction
from quickbooks import QuickBooks

from quickbooks_integration import addresses, errors, faults, limiter, metering, pauses, sessions
from quickbooks_integration.calls import recorded
from quickbooks_integration.errors import Kind, QuickBooksError

TRIES = 3
Document = dict[str, Any]


class SignIn(Protocol):
    """Where the client gets its access token from."""

    def access_token(self) -> str:
        """A token that is valid for a while. QuickBooksError(login) when there is none."""

    def renew(self, refused: str) -> bool:
        """Whether there is a newer token than the refused one."""


@dataclass(frozen=True)
class Request:
    method: str
    url: str
    headers: dict[str, str]
    params: dict[str, Any]
    data: bytes
    wants_document: bool

    @property
    def is_safe_to_repeat(self) -> bool:
        # Intuit: a write with the same requestid is answered again, not done again.
        return self.only_reads or "requestid" in self.params

    @property
    def only_reads(self) -> bool:
        return self.method == "GET" or self.url.endswith("/query")


@dataclass(frozen=True)
class Answer:
    response: requests.Response
    document: Document


def refuse_inside_transaction() -> None:
    """A call inside a transaction holds its locks for as long as Intuit likes, and is not undone by a rollback.

    The block that a test case puts around a test does not count (as with Django's own `durable=True`).
    """
    if any(not block._from_testcase for block in transaction.get_connection().atomic_blocks):
        raise RuntimeError("QuickBooks was called inside a database transaction. Commit first, then call.")


def encoded(body: Document | str | bytes) -> bytes:
    """The bytes to send; Decimals become JSON numbers with exactly their digits."""
    if isinstance(body, bytes):
        return body
    return (body if isinstance(body, str) else simplejson.dumps(body, use_decimal=True)).encode()


class QuickBooksClient(QuickBooks):
    """One company, for one job of one thread. `patience` is how many seconds one call may take, repeats included."""

    def __init__(
        self, *, company_id: str, minorversion: int, sign_in: SignIn, patience: float, for_person: bool
    ) -> None:
        # python-quickbooks takes company_id and minorversion in __new__.
        self.use_decimal = True
        self.sign_in = sign_in
        self.patience = patience
        self.for_person = for_person

    @property
    def api_url(self) -> str:
        return f"{addresses.current().api}/v3"

    def make_request(
        self,
        request_type: str,
        url: str,
        request_body: Document | str | bytes | None = None,
        content_type: str = "application/json",
        params: dict[str, Any] | None = None,
        file_path: str | None = None,
        file_bytes: bytes | None = None,
        request_id: str | None = None,
    ) -> Document:
        """The decoded document. Raises QuickBooksError; RuntimeError inside a transaction or for a file."""
        if file_path or file_bytes:
            raise RuntimeError("Files are not sent to QuickBooks yet.")
        params = {**(params or {}), "minorversion": self.minorversion}
        if request_type == "POST" and content_type == "application/json":
            params["requestid"] = request_id or str(uuid4())
        headers = {"Content-Type": content_type, "Accept": "application/json"}
        data = encoded(request_body or b"")
        return self._exchange(Request(request_type, url, headers, params, data, wants_document=True)).document

    def process_request(
        self, request_type: str, url: str, headers: Any = "", params: Any = "", data: Any = ""
    ) -> requests.Response:
        """What python-quickbooks calls for answers that are no document, such as a PDF."""
        request = Request(request_type, url, headers or {}, params or {}, encoded(data), wants_document=False)
        return self._exchange(request).response

    def _exchange(self, request: Request) -> Answer:
        """Asks until there is an answer, a refusal, or no patience left; what came of it counts for the company's pause."""
        refuse_inside_transaction()
        pause = pauses.of(self.company_id)
        self._refuse_held_back(request, pause)
        try:
            # A person may try in spite of an outage, but holds up no worker with repeats.
            answer = self._ask(request, tries=1 if pause.is_out else TRIES)
        except QuickBooksError as error:
            self._note(error, pause)
            raise
        if pause.failures:
            pauses.note_answer(self.company_id)
        return answer

    def _refuse_held_back(self, request: Request, pause: pauses.Pause) -> None:
        """QuickBooksError(limited): nothing was sent."""
        if pause.is_pull_only and not request.only_reads:
            raise QuickBooksError(Kind.LIMITED, pauses.PULL_ONLY)
        if pause.next_try_at and pause.failing_since and not self.for_person:
            raise QuickBooksError(
                Kind.LIMITED,
                pauses.outage_in_words(pause.failing_since, pause.next_try_at, pause.trouble),
            )
        if (rest := pause.limited_for) > 0:  # known to the limiter, unless Redis forgot it
            limiter.pause(self.company_id, rest)

    def _note(self, error: QuickBooksError, pause: pauses.Pause) -> None:
        if error.kind == Kind.TRANSIENT or (error.kind == Kind.LOGIN and error.status is not None):
            error.pauses_company = pauses.note_failure(self.company_id, error) or error.pauses_company
        elif error.kind in (Kind.REFUSED, Kind.STALE) and pause.failures:
            pauses.note_answer(self.company_id)

    def _ask(self, request: Request, tries: int) -> Answer:
        deadline = time.monotonic() + self.patience
        renewed = False
        attempt = 0
        while True:
            attempt += 1
            token = self.sign_in.access_token()
            try:
                return self._attempt(request, token, deadline)
            except QuickBooksError as error:
                if error.kind == Kind.LOGIN and error.status in (401, 403) and not renewed:
                    renewed = True  # also on 403: only a refresh tells whether the connection was ended over there
                    if self.sign_in.renew(token):
                        continue
                    raise
                self._prepare_to_repeat(request, error, attempt, tries, deadline)

    def _prepare_to_repeat(
        self, request: Request, error: QuickBooksError, attempt: int, tries: int, deadline: float
    ) -> None:
        """Returns when the moment for another try has come; raises the error when there is none."""
        if error.status == 429:
            self._slow_down(request)
        if attempt >= tries or error.kind not in (Kind.TRANSIENT, Kind.LIMITED):
            raise error
        if error.kind == Kind.LIMITED:  # not acted upon, so any request may come again: the limiter holds it back
            if error.status is None:
                raise error
            return
        rest = settings.QUICKBOOKS_RETRY_SECONDS * 2 ** (attempt - 1) * random.uniform(0.5, 1.5)
        if not request.is_safe_to_repeat or time.monotonic() + rest > deadline:
            raise error
        time.sleep(rest)

    def _slow_down(self, request: Request) -> None:
        """Nobody asks until Intuit's minute is over. But once the month's reads are used up Intuit refuses every read,
        and that must hold up no write."""
        if request.only_reads and metering.usage(self.company_id).is_used_up:
            blocked = QuickBooksError(Kind.LIMITED, metering.BLOCKED, status=429)
            blocked.pauses_company = False
            raise blocked
        limiter.pause(self.company_id, settings.QUICKBOOKS_PAUSE_SECONDS)
        pauses.note_limited(self.company_id)

    def _attempt(self, request: Request, token: str, deadline: float) -> Answer:
        with (
            limiter.turn(self.company_id, deadline - time.monotonic(), for_person=self.for_person),
            recorded(self.company_id, request.method, request.url) as call,
        ):
            response = sessions.send(
                request.method,
                request.url,
                headers=request.headers,
                params=request.params,
                data=request.data,
                auth=sessions.BearerToken(token),
                longest=deadline - time.monotonic(),
            )
            call.status = response.status_code
            call.intuit_tid = response.headers.get("intuit_tid", "")[:100]
            return _read(response, request.wants_document, call.intuit_tid)


def _read(response: requests.Response, wants_document: bool, intuit_tid: str) -> Answer:
    """The answer, or the error that it stands for."""
    if response.status_code != 200:  # Intuit: every success is 200
        raise errors.classify(response.status_code, response.content, intuit_tid)
    if not wants_document:
        return Answer(response, {})
    try:
        document = simplejson.loads(response.content, use_decimal=True)
    except (ValueError, RecursionError) as error:
        raise errors.not_understood(200, intuit_tid) from error
    if faults.find(document):
        raise errors.classify(200, response.content, intuit_tid)
    if not isinstance(document, dict):
        raise errors.not_understood(200, intuit_tid)
    return Answer(response, document)
