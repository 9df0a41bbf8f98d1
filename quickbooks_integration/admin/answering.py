"""The page that shows what one answer would do to many questions, and does it."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.db.models.options import Options
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from contacts.matching.kinds import LABELS
from quickbooks_integration.models import MatchCandidate, MatchDecision
from quickbooks_integration.models.matches import QUEUE_ORDER
from quickbooks_integration.reconciling import together
from quickbooks_integration.reconciling.comparing import dollars
from quickbooks_integration.reconciling.deciding import Tally
from quickbooks_integration.reconciling.together import AT_A_TIME, Answer

PAGE = "admin:quickbooks_integration_matchcandidate_together"
QUEUE = "admin:quickbooks_integration_matchcandidate_review"
SENTENCES_SHOWN = 5
FIRST_SCORE = 80
Action = MatchDecision.Action
# What the button says, and what is said when it was pressed.
WORDS = {
    Action.LINK: ("Link", "linked"),
    Action.REFUSE: ("Not the same:", "marked as not the same"),
    Action.CREATE_CONTACT: ("Make new contacts of", "made new contacts"),
}


class TogetherPage:
    """A view of MatchCandidate's admin."""

    admin_site: AdminSite
    opts: Options

    @method_decorator([never_cache, require_http_methods(["GET", "POST"])])
    def together_view(self, request: HttpRequest) -> HttpResponse:
        """score: all of so many points and more. decision: all that are like the pair of this decision, instead. POST
        also: pair, once for each that was shown and is meant."""
        if not request.user.has_perm("quickbooks_integration.decide_matches"):
            raise PermissionDenied
        asked = request.POST if request.method == "POST" else request.GET
        score, decided = _score(asked.get("score", "")), _decision(asked.get("decision", ""))
        answer = together.like(decided, request.user) if decided else together.above(score, request.user)
        if answer is None:
            messages.info(request, "Pairs like this one are decided one by one.")
            return HttpResponseRedirect(reverse(QUEUE))
        query = {"decision": decided.pk} if decided else {"score": score}
        if request.method == "POST":
            pairs = [int(number) for number in request.POST.getlist("pair") if number.isdecimal()]
            _tell(request, answer, together.decide(answer, pairs, request.user))
            return HttpResponseRedirect(f"{reverse(PAGE)}?{urlencode(query)}" if answer.number() else reverse(QUEUE))
        context = _shown(answer) | {"query": query, "score": score, "lowest": together.LOWEST_SCORE, "decided": decided}
        everywhere = self.admin_site.each_context(request)
        return TemplateResponse(
            request,
            "quickbooks_integration/review/together.html",
            {**everywhere, "title": "Decide many at once", "opts": self.opts, **context},
        )


def _score(text: str) -> int:
    return max(together.LOWEST_SCORE, min(100, int(text))) if text.isdecimal() else FIRST_SCORE


def _decision(text: str) -> MatchDecision | None:
    rows = MatchDecision.objects.select_related("sync__customer", "contact")
    return rows.filter(pk=text).first() if text.isdecimal() else None


def _shown(answer: Answer) -> dict[str, Any]:
    """Counts all, and names as many as one press decides."""
    first = list(answer.questions.values_list("pk", flat=True)[:AT_A_TIME])
    rows = MatchCandidate.objects.filter(pk__in=first).order_by(*QUEUE_ORDER)
    rows = rows.select_related("sync__customer", "contact").prefetch_related("contact__phones", "contact__emails")
    number = answer.number()
    return {
        "rows": [(row, dollars(row.sync.customer.balance_with_jobs)) for row in rows],
        "number": number,
        "at_a_time": AT_A_TIME,
        "later": max(0, number - AT_A_TIME),
        "owed": dollars(answer.owed()),
        "button": WORDS[answer.action][0],
        "action": answer.action,
        "kinds": [LABELS[kind] for kind in together.MAY_BE_LINKED_TOGETHER],
    }


def _tell(request: HttpRequest, answer: Answer, tally: Tally) -> None:
    """ "198 linked, 2 left as they were", and why those two."""
    left = f", {len(tally.left)} left as they were" if tally.left else ""
    level = messages.WARNING if tally.left else messages.SUCCESS
    messages.add_message(request, level, f"{tally.done} {WORDS[answer.action][1]}{left}. Each can be undone by itself.")
    for sentence in tally.left[:SENTENCES_SHOWN]:
        messages.info(request, sentence)
