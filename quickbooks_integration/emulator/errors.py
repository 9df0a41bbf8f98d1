"""Faults of the accounting API as exceptions, and the catalogue of their messages."""

from dataclasses import dataclass

VALIDATION = "ValidationFault"
SYSTEM = "SystemFault"

# Intuit: error codes of the accounting API, message per code. Everything here is HTTP 400 unless listed below.
MESSAGES = {
    "500": "Unsupported Operation",
    "600": "Duplicate Request ID",
    "610": "Object Not Found",
    "620": "Transaction cannot be linked.",
    "800": "Cannot delete",
    "1040": "Number of items exceeds the maximum in a batch",
    "2010": "Request has invalid or unsupported property",
    "2020": "Required param missing, need to supply the required value for the API",
    "2030": "Invalid ID",
    "2040": "Invalid String",
    "2050": "String length is either shorter or longer than supported by specification",
    "2090": "Invalid Number",
    "2130": "Invalid Request ID",
    "2170": "Invalid Enumeration",
    "2210": "Invalid Email Address format",
    "2290": "Invalid Amount",
    "2300": "Error parsing object",
    "2500": "Invalid Reference Id",
    "4000": "Error parsing query",
    "4001": "Invalid query",
    "5010": "Stale Object Error",
    "6000": "A business validation error has occurred while processing your request",
    "6030": "Attachment is too large",
    "6070": "Amount calculation incorrect in the request",
    "6080": "Name is missing for a name list entry",
    "6090": "Invalid Discount Line",
    "6100": "Invalid Tax code",
    "6140": "Duplicate Document Number Error",
    "6190": "Invalid Company Status",
    "6210": "Account Period Closed",
    "6220": "Delete List Has Balance Error",
    "6240": "Duplicate Name Exists Error",
    "6420": "Email address is missing",
    "6540": "Deposited Transaction cannot be changed",
    "10000": "An application error has occurred while processing your request",
}

MADE_INACTIVE = (
    "Something you're trying to use has been made inactive. "
    "Check the fields with accounts, customers, items, vendors or employees."
)
DELETED_BY_ANOTHER = "Another user has deleted this transaction."


@dataclass(frozen=True)
class Problem:
    code: str
    detail: str
    element: str = ""

    @property
    def message(self) -> str:
        return MESSAGES.get(self.code, "A business validation error has occurred while processing your request")


class ServiceFault(Exception):
    """A refusal of the accounting API: one or several problems, always one envelope."""

    def __init__(self, *problems: Problem, type: str = VALIDATION, status: int = 400) -> None:
        super().__init__("; ".join(f"{problem.code}: {problem.detail}" for problem in problems))
        self.problems = problems
        self.type = type
        self.status = status


def refusal(code: str, detail: str, element: str = "") -> ServiceFault:
    return ServiceFault(Problem(code, detail, element))


def unsupported(operation: str) -> ServiceFault:
    return refusal("500", f"Operation {operation} is not supported.")


def not_found(detail: str = MADE_INACTIVE) -> ServiceFault:
    return refusal("610", f"Object Not Found : {detail}")


def missing_parameter(name: str) -> ServiceFault:
    return refusal("2020", f"Required parameter {name} is missing in the request", name)


def stale() -> ServiceFault:
    return refusal(
        "5010",
        "Stale Object Error : You and root were working on this at the same time. "
        "root finished before you did, so your work was not saved.",
    )


def system_failure(detail: str) -> ServiceFault:
    return ServiceFault(Problem("10000", f"System Failure Error: {detail}"), type=SYSTEM, status=500)


class GatewayRefusal(Exception):
    """A refusal by the gateway in front of the API (401, 403, 429): another shape of body than a ServiceFault."""

    def __init__(self, status: int, name: str, code: str, type: str, detail: str | None) -> None:
        super().__init__(f"{status} {name}: {detail}")
        self.status = status
        self.name = name
        self.code = code
        self.type = type
        self.detail = detail

    @property
    def message(self) -> str:
        return f"message={self.name}; errorCode={self.code.zfill(6)}; statusCode={self.status}"


def unauthorized(detail: str | None) -> GatewayRefusal:
    return GatewayRefusal(401, "AuthenticationFailed", "3200", "AUTHENTICATION", detail)


def forbidden(status: int = 403) -> GatewayRefusal:
    return GatewayRefusal(status, "ApplicationAuthorizationFailed", "3100", "AUTHORIZATION", None)


def throttled() -> GatewayRefusal:
    return GatewayRefusal(429, "ThrottleExceeded", "3001", "SERVICE", "The request limit was reached.  Try again later")
