"""All companies; one company with what is in it and which apps may use it."""

from datetime import datetime
from typing import TYPE_CHECKING

from quickbooks_integration.emulator.clock import PACIFIC
from quickbooks_integration.emulator.messages import Request, Response
from quickbooks_integration.emulator.oauth.grants import ACTIVE
from quickbooks_integration.emulator.pages.documents import money_text
from quickbooks_integration.emulator.pages.html import Markup, button, facts, fold, form, hidden, link, table, tag
from quickbooks_integration.emulator.pages.layout import LISTS, page, said
from quickbooks_integration.emulator.verbs import VERBS

if TYPE_CHECKING:
    from quickbooks_integration.emulator.company import Company
    from quickbooks_integration.emulator.world import World

DONE = {"disconnected": "The connection has ended. The app gets 403 from now on and has to be connected again."}


def show_all(world: "World", request: Request) -> Response:
    rows = [
        (link(f"/companies/{realm}", company.name), realm, *(_counted(company, name) for name in ENTITIES))
        for realm, company in world.companies.items()
    ]
    heads = ("Company", "Realm id", *(f"{LISTS[name.lower()]}$" for name in ENTITIES))
    intro = tag(
        "p",
        "This is a QuickBooks Online for tests, on this machine. Here you play the bookkeeper: what you change, the "
        "connected app has to find out by itself. ",
        link("/requests", "What apps asked for"),
        " and ",
        link("/webhooks", "what they were told"),
        " can be watched.",
    )
    return page(world, "Companies", intro, table(heads, rows, "There is no company."))


ENTITIES = ("Customer", "Estimate", "Invoice", "Payment")


def show(world: "World", request: Request, realm: str) -> Response:
    company = world.companies[realm]
    owed = sum((invoice.get("Balance", 0) for invoice in company.all("Invoice")), 0)
    numbers = {
        "Realm id": realm,
        **{
            LISTS[name.lower()]: link(f"/companies/{realm}/{name.lower()}", _counted(company, name))
            for name in ENTITIES
        },
        "Open invoices": money_text(owed),
    }
    done = DONE.get(request.query.get("done", ""))
    return page(
        world,
        company.name,
        facts(numbers),
        tag("h2", "Connected apps"),
        _connections(world, realm),
        realm=realm,
        here="company",
        banner=said(done) if done else "",
    )


def _counted(company: "Company", entity: str) -> str:
    return f"{len(company.collection(entity).documents):,}"


def _connections(world: "World", realm: str) -> Markup:
    rows = []
    # Each test and each restart may have connected once more: the newest are enough.
    for connection in [item for item in world.grants.connections() if item.realm == realm][:-21:-1]:
        app = world.grants.apps.get(connection.client_id)
        since = datetime.fromtimestamp(connection.since, PACIFIC)
        active = connection.state == ACTIVE
        end = _disconnect(realm, connection.client_id, app.name if app else "the app") if active else ""
        rows.append((app.name if app else connection.client_id, f"{since:%Y-%m-%d %H:%M}", connection.state, end))
    return table(("App", "Since", "State", "Action"), rows, "No app is connected to this company.")


def _disconnect(realm: str, client_id: str, name: str) -> Markup | str:
    if "disconnect" not in VERBS:
        return ""
    sure = form(
        f"/companies/{realm}/do/disconnect", hidden(client_id=client_id), button(f"Disconnect {name}", class_="danger")
    )
    return fold("Disconnect ...", sure)
