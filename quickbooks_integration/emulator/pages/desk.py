"""Which page answers an address."""

from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from quickbooks_integration.emulator.messages import Request, Response
from quickbooks_integration.emulator.pages import actions, companies, customers, documents, lists, machine, mail
from quickbooks_integration.emulator.pages.layout import LISTS, page, refused

if TYPE_CHECKING:
    from quickbooks_integration.emulator.world import World

Page = Callable[["World", Request], Response]
PAGES: dict[str, Page] = {
    "": companies.show_all,
    "requests": machine.requests,
    "faults": machine.faults,
    "clock": machine.clock,
    "switches": machine.switches,
    "webhooks": mail.webhooks,
    "emails": mail.emails,
}
FORMS: dict[str, Page] = {
    "requests": machine.forget_requests,
    "faults": machine.change_faults,
    "clock": machine.change_clock,
    "switches": machine.change_switches,
    "webhooks": mail.change_webhooks,
}


def answer(world: "World", request: Request) -> Response | None:
    """The page at an address, or what its form does; None for addresses that are none of ours."""
    segments = request.segments
    of_company = segments[:1] == ["companies"] and len(segments) > 1
    if not of_company and (len(segments) > 1 or "".join(segments) not in PAGES):
        return None
    if request.method not in ("GET", "HEAD", "POST"):
        return None
    if request.method == "POST" and not _is_own(request):
        return page(
            world, "Not from here", refused("This form was sent by another site. Nothing was done."), status=403
        )
    if of_company:
        return _of_company(world, request, segments[1], segments[2:])
    if request.method == "POST":
        run = FORMS.get("".join(segments))
        return run(world, request) if run else None
    return PAGES["".join(segments)](world, request)


def _of_company(world: "World", request: Request, realm: str, rest: list[str]) -> Response:
    if realm not in world.companies:
        return _missing(world, f"There is no company with the realm id {realm}.")
    if request.method == "POST":
        return actions.run(world, request, realm, rest[1]) if len(rest) == 2 and rest[0] == "do" else _missing(world)
    match rest:
        case []:
            return companies.show(world, request, realm)
        case [name] if name in LISTS:
            return lists.show(world, request, realm, name)
        case ["customer", "new"]:
            return customers.show_form(world, realm)
        case ["customer", id, "edit"] if world.companies[realm].find("Customer", id):
            return customers.show_form(world, realm, id)
        case ["customer", id, "merge"] if world.companies[realm].find("Customer", id):
            return customers.show_merge(world, request, realm, id)
        case [name, id, "pdf"] if name in LISTS:
            return documents.show_pdf(world, realm, name, id)
        case [name, id] if name in LISTS:
            return documents.show(world, request, realm, name, id)
    return _missing(world)


def _missing(world: "World", reason: str = "There is nothing at this address.") -> Response:
    return page(world, "Not found", refused(reason), status=404)


def _is_own(request: Request) -> bool:
    """A browser says where a form comes from; what says nothing is no browser and can't be abused."""
    if request.header("sec-fetch-site") == "cross-site":
        return False
    origin = request.header("origin")
    return not origin or urlsplit(origin).netloc == request.header("host")
