from quickbooks_integration.models.check_runs import CheckRun
from quickbooks_integration.models.conflicts import Choice, ConflictBatch, ConflictDecision, ConflictPolicy
from quickbooks_integration.models.connection import ApiCall, QuickBooksAuth
from quickbooks_integration.models.coverage import CoverageRange, FeedPoll
from quickbooks_integration.models.customers import QuickBooksCustomer
from quickbooks_integration.models.documents import QuickBooksDocument
from quickbooks_integration.models.history import HistoryImport
from quickbooks_integration.models.lists import ListEntry
from quickbooks_integration.models.matches import (
    DismissedCustomers,
    FamilyName,
    MatchCandidate,
    MatchDecision,
    MatchingProgress,
)
from quickbooks_integration.models.sending import EmailSending
from quickbooks_integration.models.sync import (
    PullCursor,
    QuickBooksSync,
    RejectedRow,
    SyncRun,
)
from quickbooks_integration.models.traffic import ReadCount, SignInReminder, Traffic
from quickbooks_integration.models.webhooks import WebhookDelivery

__all__ = [
    "ApiCall",
    "CheckRun",
    "Choice",
    "ConflictBatch",
    "ConflictDecision",
    "ConflictPolicy",
    "CoverageRange",
    "DismissedCustomers",
    "EmailSending",
    "FamilyName",
    "FeedPoll",
    "HistoryImport",
    "ListEntry",
    "MatchCandidate",
    "MatchDecision",
    "MatchingProgress",
    "PullCursor",
    "QuickBooksAuth",
    "QuickBooksCustomer",
    "QuickBooksDocument",
    "QuickBooksSync",
    "ReadCount",
    "RejectedRow",
    "SignInReminder",
    "SyncRun",
    "Traffic",
    "WebhookDelivery",
]
