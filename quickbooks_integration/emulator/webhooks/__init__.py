"""Tells an app that something changed in a company that it is connected to.

webhooks    what the world tells of changes and what tests and the control API ask; the public object
events      what can be told, and to which entities it applies
outbox      events on their way into a POST: window, duplicates, late ones
bodies      both formats, the signature, the headers
deliveries  POSTs with their attempts, and when the next one is due
posting     one POST, and where it may go
courier     the thread that sends
calls       the control API
"""
