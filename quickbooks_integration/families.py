"""Customers and their jobs: who is above whom."""

from quickbooks_integration.models import QuickBooksCustomer, QuickBooksSync
from quickbooks_integration.plain_rows import AnyContact, AnyCustomer


def above(companies: set[str], parents: dict[str, str]) -> dict[str, set[str]]:
    """All that is above each customer. Asks the database only about parents that are not among the customers."""
    known = dict(parents)
    while missing := set(known.values()) - known.keys() - {""}:
        rows = QuickBooksCustomer.objects.filter(sync__company__in=companies, sync__entity_id__in=missing)
        known |= dict.fromkeys(missing, "") | dict(rows.values_list("sync__entity_id", "parent_id"))
    return {entity_id: _chain(known, entity_id) for entity_id in parents}


def _chain(parents: dict[str, str], entity_id: str) -> set[str]:
    found: set[str] = set()
    while (entity_id := parents[entity_id]) and entity_id not in found:
        found.add(entity_id)
    return found


def is_below_another(contact: AnyContact, customer: AnyCustomer) -> bool:
    """Whether it is a job of a customer of the same contact. Its house and the telephone there are not the contact's."""
    entity_id, company = customer.sync.entity_id, customer.sync.company_id
    if not customer.parent_id or contact.quickbooks_customer_id in (None, entity_id):
        return False
    parents = above({company}, {entity_id: customer.parent_id})[entity_id]
    linked = QuickBooksSync.objects.filter(company=company, entity_type="customer", local_id=contact.pk)
    return linked.filter(entity_id__in=parents).exists()


def jobs_among(customers: list[QuickBooksCustomer]) -> list[QuickBooksCustomer]:
    """Those of a contact's customers that are jobs, at any depth, of another of them. Reads `sync` of each."""
    parents = {customer.sync.entity_id: customer.parent_id for customer in customers}
    over = above({customer.sync.company_id for customer in customers}, parents)
    return [customer for customer in customers if over[customer.sync.entity_id] & parents.keys()]
