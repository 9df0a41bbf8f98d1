"""The emulator's own pages, where a person plays the bookkeeper. Plain HTML: no script, works on a telephone.

    desk        which page answers an address; posts from other sites are refused
    html        elements that escape what is put into them
    layout      the frame and the look of every page
    companies   all companies, one company and its connections
    lists       customers, estimates, invoices, payments ... with search and pages
    documents   one document with its lines and links, and what can be done with it
    customers   one customer, the form for it, the choice of whom to merge it into
    actions     what a form does: one verb of the Bookkeeper
    machine     requests, faults, clock, switches
    mail        e-mails and webhooks

Buttons appear for verbs that the Bookkeeper has (verbs.VERBS), so none can be without effect.
"""

from quickbooks_integration.emulator.pages.desk import answer

__all__ = ["answer"]
