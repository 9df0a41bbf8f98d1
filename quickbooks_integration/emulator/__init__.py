"""A QuickBooks Online that runs on this machine, for tests and demos. Standard library only, nothing of ours.

In a test:

    from quickbooks_integration.emulator import Emulator

    with Emulator(company="craig", limits=False) as emulator:
        tokens = emulator.connect()                      # or go through /connect/oauth2 like a person
        emulator.url, emulator.realm                     # where it is, which company
        emulator.company().find("Customer", "1")         # the stored document
        emulator.bookkeeper().merge_customers(loser="5", survivor="6")
        emulator.faults.add("commit_then_drop", route="create", count=1)
        emulator.clock.advance(3600)                     # tokens expire on this clock
        emulator.switches.set("refresh_rotation", "always")
        emulator.requests.counts()                       # {"query": 3, ...}
        emulator.outbox.mails()                          # e-mails that were "sent"
        emulator.webhooks.send_now()                     # told now; see docs/emulator.md

`company` is craig, sample, empty, a JSON file, or arrays of entities: {"Customer": [{"DisplayName": "Ann"}]}.

Where things are:

    command, server, messages     the process, the socket, requests and answers
    application, routes           which part answers an address; injection meets injected faults
    oauth/                        sign-in: consent page, tokens, revocation
    accounting, call, transport   the way through /v3: checks, requestid, envelope; xml_body, xml_form for XML
    query_calls, query/           the query language
    entity_calls, entities/       reading and writing: fields as data, one module per family with rules of its own
    batch, change_feed            several operations in one request; what changed since (change_order is its index)
    tax_service                   makes tax codes and rates
    sending, outbox, printing/    forms as e-mail and as PDF; attachments/ files; reports/ reports
    company                       one company's documents, ids, indexes, all-or-nothing changes, listeners
    world                         all companies, connections, clock, switches, limits, faults, request log
    bookkeeper, control           what the person in the office does; the control API
    webhooks/                     events to the connected app: form, signature, retries, what is held back
    pages/                        the emulator's own pages, where a person plays the bookkeeper
    loading, snapshot, companies/ companies from documents; saved state; the built-in companies; stress for load tests

Where to add:

    an entity with rules     a module in entities/ with a subclass of Kind; put it into entities.KINDS
    an address below /v3     a row in routes.ROUTES and a function that takes a Call
    a report                 a function in reports/, a row in reports.calls.REPORTS
    a form to send or print  a row in sending.SENT, in printing.paper.TITLES
    a watcher of changes     world.watchers: told of each Change after it is safe; only put it into a queue there
    what webhooks tell       a row in webhooks.events.OPERATIONS
    money that moves         entities/balances.Balances; Company.touch for what moves no SyncToken
    what the office does     a method of Bookkeeper with @verb: it is in the control API at once; for a button
                             a function in pages.actions and a form in pages.buttons
    an open question         a switch in switches.py
"""

from quickbooks_integration.emulator.emulator import Emulator

__all__ = ["Emulator"]
