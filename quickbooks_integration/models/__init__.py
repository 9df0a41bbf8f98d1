from quickbooks_integration.models.connection import ApiCall, QuickBooksAuth
from quickbooks_integration.models.customers import QuickBooksCustomer
from quickbooks_integration.models.matches import MatchCandidate, MatchDecision
from quickbooks_integration.models.sync import (
    PullCursor,
    QuickBooksSync,
    RejectedRow,
    SyncRun,
)

__all__ = [
    "ApiCall",
    "MatchCandidate",
    "MatchDecision",
    "PullCursor",
    "QuickBooksAuth",
    "QuickBooksCustomer",
    "QuickBooksSync",
    "RejectedRow",
    "SyncRun",
]
