"""Errors are data: what kind of trouble it is, and a sentence for the office.

Intuit answers trouble in many shapes (upper and lower case JSON, XML, HTML, half a body), so the HTTP status decides
first and the body is only read for what it may add.
"""

from enum import StrEnum

from quickbooks_integration import faults
from quickbooks_integration.faults import Fault


class Kind(StrEnum):
    """What has to happen next."""

    TRANSIENT = "transient"  # later, with back-off
    REFUSED = "refused"  # waits for a person
    STALE = "stale"  # read again, merge again
    LOGIN = "login"  # the whole company pauses until somebody signs in
    LIMITED = "limited"  # slower


class QuickBooksError(Exception):
    """Trouble with QuickBooks. `str()` is a sentence for the office; the other fields are for the log and for code."""

    def __init__(
        self,
        kind: Kind,
        message: str,
        *,
        code: str = "",
        detail: str = "",
        element: str = "",
        status: int | None = None,
        intuit_tid: str = "",
    ) -> None:
        super().__init__(kind, message)
        self.kind = kind
        self.message = message
        self.code = code
        self.detail = detail
        self.element = element
        self.status = status
        self.intuit_tid = intuit_tid
        # Whether no other request of this company would fare better at the moment.
        self.pauses_company = kind in (Kind.LOGIN, Kind.LIMITED)

    def __str__(self) -> str:
        return self.message

    @property
    def with_reference(self) -> str:
        """The sentence, and what Intuit's support asks for."""
        known = [f"code {self.code}" if self.code else "", f"trace {self.intuit_tid}" if self.intuit_tid else ""]
        reference = ", ".join(filter(None, known))
        return f"{self.message} (QuickBooks {reference})" if reference else self.message


CANNOT_REACH = (
    "QuickBooks cannot be reached. This is usually over in a few minutes: nothing is lost, and the CRM tries again by "
    "itself. If it lasts, check the internet connection."
)
NO_ANSWER_IN_TIME = "QuickBooks did not answer in time. Nothing is lost: the CRM tries again by itself."
OUT_OF_ORDER = (
    "QuickBooks is out of order at the moment. Nothing is lost: the CRM tries again by itself. If it lasts, look at "
    "status.quickbooks.intuit.com."
)
NOT_UNDERSTOOD = (
    "QuickBooks sent an answer that is cut off or not readable. Nothing was stored from it, and the CRM tries again by "
    "itself."
)
TOO_FAST = "QuickBooks asked us to slow down. Nothing is lost: the CRM waits a minute and tries again by itself."
RECONNECT = (
    "QuickBooks no longer accepts this CRM's sign-in, so the sync has stopped. Open QuickBooks > Connection and choose "
    "Reconnect."
)
NOT_ALLOWED = (
    "QuickBooks does not let this CRM into the company: the connection was removed there, belongs to another company, "
    "or the subscription has ended. Check the subscription in QuickBooks, then open QuickBooks > Connection and choose "
    "Reconnect."
)
NOT_FOUND = (
    "QuickBooks no longer has this record: it was deleted, merged or made inactive there. Look it up in QuickBooks, "
    "then decide here what becomes of it."
)
WRONG_ADDRESS = (
    "QuickBooks does not know the address that the CRM asked. This is a fault of the CRM: please tell whoever looks "
    "after it."
)
FAULT_OF_THE_CRM = (
    "QuickBooks could not make sense of what the CRM sent. Changing the record will not help: please tell whoever "
    "looks after the CRM."
)
POINTS_TO_NOTHING = (
    "Something that this record points to is inactive or gone in QuickBooks{in_element}. Make it active there or choose "
    "another one here, then send again."
)

# Intuit's code -> kind and sentence. {element} is the field that Intuit names, {detail} its own explanation.
# Whatever is not here is refused: only a person can tell.
KNOWN: dict[str, tuple[Kind, str]] = {
    "100": (Kind.LOGIN, RECONNECT),
    "120": (Kind.LOGIN, NOT_ALLOWED),
    "130": (Kind.TRANSIENT, OUT_OF_ORDER),
    "140": (Kind.TRANSIENT, OUT_OF_ORDER),
    "500": (Kind.REFUSED, WRONG_ADDRESS),
    "600": (Kind.REFUSED, "QuickBooks has already seen this request. Look in QuickBooks whether it arrived before you "
            "send it again."),
    "610": (Kind.REFUSED, NOT_FOUND),
    "620": (Kind.REFUSED, "QuickBooks cannot link these two documents. One of them may be linked already: check both "
            "in QuickBooks."),
    "800": (Kind.REFUSED, "QuickBooks cannot delete this because other records use it. Make it inactive instead."),
    "2010": (Kind.REFUSED, FAULT_OF_THE_CRM),
    "2020": (Kind.REFUSED, "QuickBooks needs a value that is missing here. Fill it in and send again. {detail}"),
    "2030": (Kind.REFUSED, FAULT_OF_THE_CRM),
    "2040": (Kind.REFUSED, "A text has characters that QuickBooks does not take. Remove them and send again. {detail}"),
    "2050": (Kind.REFUSED, "A text is longer or shorter than QuickBooks takes{in_element}. Change it and send again. "
             "{detail}"),
    "2090": (Kind.REFUSED, "QuickBooks does not take one of the numbers{in_element}. Correct it and send again. "
             "{detail}"),
    "2130": (Kind.REFUSED, FAULT_OF_THE_CRM),
    "2170": (Kind.REFUSED, FAULT_OF_THE_CRM),
    "2210": (Kind.REFUSED, "QuickBooks does not accept an e-mail address. Correct it and send again. {detail}"),
    "2290": (Kind.REFUSED, "QuickBooks does not accept an amount{in_element}. Correct it and send again. {detail}"),
    "2300": (Kind.REFUSED, FAULT_OF_THE_CRM),
    "2310": (Kind.REFUSED, FAULT_OF_THE_CRM),
    "2500": (Kind.REFUSED, POINTS_TO_NOTHING),
    "3001": (Kind.LIMITED, TOO_FAST),
    "3100": (Kind.LOGIN, NOT_ALLOWED),
    "3200": (Kind.LOGIN, RECONNECT),
    "4000": (Kind.REFUSED, FAULT_OF_THE_CRM),
    "4001": (Kind.REFUSED, FAULT_OF_THE_CRM),
    "4002": (Kind.REFUSED, FAULT_OF_THE_CRM),
    "5010": (Kind.STALE, "Somebody changed this in QuickBooks at the same time. Nothing was overwritten: the CRM reads "
             "it again and compares."),
    "5020": (Kind.REFUSED, "The QuickBooks user who connected the CRM may not do this. Ask a QuickBooks administrator "
             "to reconnect, or to do it there."),
    "6000": (Kind.REFUSED, "QuickBooks refused this for a rule of its books. Correct it and send again. {detail}"),
    "6070": (Kind.REFUSED, "A line's amount is not its quantity times its price in QuickBooks' eyes. Check the lines "
             "and send again. {detail}"),
    "6080": (Kind.REFUSED, "QuickBooks needs a name. Fill in a first name, a last name or a company, then send again."),
    "6090": (Kind.REFUSED, "QuickBooks does not accept the discount. Check it and send again. {detail}"),
    "6100": (Kind.REFUSED, "QuickBooks does not accept the tax setting of a line. Check it and send again. {detail}"),
    "6140": (Kind.REFUSED, "QuickBooks gave this document a number that another one has already. Look under Account and "
             "settings > Sales there whether custom transaction numbers are on, then press Try again."),
    "6190": (Kind.LOGIN, "The QuickBooks subscription has ended or has a billing problem, so the sync has stopped. Sort "
             "it out in QuickBooks, then open QuickBooks > Connection and choose Test connection."),
    "6210": (Kind.REFUSED, "The books are closed for this date in QuickBooks. Use a later date, or ask the bookkeeper to "
             "open the period."),
    "6220": (Kind.REFUSED, "QuickBooks cannot remove this while it has an open balance. Settle the balance first."),
    "6240": (Kind.REFUSED, "Another customer, vendor or employee in QuickBooks already has this name. Link to that one, "
             "or use a different name."),
    "6420": (Kind.REFUSED, "There is no e-mail address to send this document to. Add one and send again."),
    "6540": (Kind.REFUSED, "This payment is already part of a bank deposit in QuickBooks, so it cannot be changed. "
             "Change the deposit there first."),
    "10000": (Kind.TRANSIENT, OUT_OF_ORDER),
}  # fmt: skip


def classify(status: int, body: bytes, intuit_tid: str = "") -> QuickBooksError:
    """The error that an answer of Intuit's API stands for. For answers that are known to be errors."""
    fault = faults.read(body)
    kind, sentence = _by_status(status, fault)
    return QuickBooksError(
        kind,
        _filled(sentence, fault),
        code=fault.code,
        detail=fault.detail or fault.message,
        element=fault.element,
        status=status,
        intuit_tid=intuit_tid,
    )


def about_a_reference(error: QuickBooksError) -> QuickBooksError:
    """Intuit: "not found" also means a customer or an item of what was written, when that is inactive."""
    message = _filled(POINTS_TO_NOTHING, Fault(element=error.element))
    known = {"code": error.code, "detail": error.detail, "status": error.status, "intuit_tid": error.intuit_tid}
    return QuickBooksError(error.kind, message, element=error.element, **known)


def _by_status(status: int, fault: Fault) -> tuple[Kind, str]:
    if status == 429:
        return Kind.LIMITED, TOO_FAST
    if status == 401:
        return Kind.LOGIN, RECONNECT
    if status >= 500 or status in (408, 425):
        return Kind.TRANSIENT, OUT_OF_ORDER
    if status == 404 and not fault.code:
        return Kind.REFUSED, WRONG_ADDRESS
    if status == 413:
        return Kind.REFUSED, "This is too large for QuickBooks. Make it smaller and send again."
    return KNOWN.get(fault.code) or (Kind.REFUSED, _unknown(status, fault))


def _unknown(status: int, fault: Fault) -> str:
    said = fault.detail or fault.message
    if said:
        return "QuickBooks refused this. Correct it and send again; its own words: {detail}"
    return f"QuickBooks refused this without a reason (status {status}). Please tell whoever looks after the CRM."


def _filled(sentence: str, fault: Fault) -> str:
    filled = sentence.replace("{in_element}", f" ({fault.element})" if fault.element else "")
    return filled.replace("{detail}", fault.detail or fault.message).strip()


def not_understood(status: int, intuit_tid: str = "") -> QuickBooksError:
    """A success by its status whose body is none: half a document, a web page, nothing."""
    return QuickBooksError(Kind.TRANSIENT, NOT_UNDERSTOOD, status=status, intuit_tid=intuit_tid)


def classify_sign_in(status: int, body: bytes, intuit_tid: str = "") -> QuickBooksError:
    """The error that an answer of Intuit's token and revoke addresses stands for: {"error": ...}, not a Fault."""
    code = faults.read_oauth(body)
    kind, sentence = SIGN_IN_ERRORS.get(code) or _sign_in_by_status(status)
    return QuickBooksError(kind, sentence, code=code, status=status, intuit_tid=intuit_tid)


SIGN_IN_ERRORS: dict[str, tuple[Kind, str]] = {
    "invalid_grant": (Kind.LOGIN, RECONNECT),
    "invalid_client": (Kind.REFUSED, "QuickBooks does not accept this CRM's client id and secret. Ask whoever looks "
                       "after the CRM to check QUICKBOOKS_CLIENT_ID and QUICKBOOKS_CLIENT_SECRET, blanks included."),
}  # fmt: skip


def _sign_in_by_status(status: int) -> tuple[Kind, str]:
    if status == 429:
        return Kind.LIMITED, TOO_FAST
    if status >= 500 or status in (408, 425):
        return Kind.TRANSIENT, OUT_OF_ORDER
    return Kind.REFUSED, f"QuickBooks refused the sign-in (status {status}). Please start again with Connect."


def sentence_for(kind: str, code: str, status: int | None) -> str:
    """What the office is told about an error of which only this was kept."""
    if status is None:
        return TOO_FAST if kind == Kind.LIMITED else CANNOT_REACH
    if code in SIGN_IN_ERRORS:
        return SIGN_IN_ERRORS[code][1]
    if status == 200 and not code:
        return NOT_UNDERSTOOD
    fault = Fault(code=code)
    return _filled(_by_status(status, fault)[1], fault)
