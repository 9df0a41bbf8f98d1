"""The CRM's site with one view more: it inserts the same row as a webhook does, and does nothing else."""

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "attackacrack.settings")
application = get_wsgi_application()
settings.ROOT_URLCONF = __name__


@csrf_exempt
def bare(request: HttpRequest) -> HttpResponse:
    from quickbooks_integration.models import WebhookDelivery

    WebhookDelivery.objects.create(body=request.body, headers={}, received_at=timezone.now())
    return HttpResponse("", content_type="text/plain; charset=utf-8")


urlpatterns = [path("bare", bare), path("", include("attackacrack.urls"))]
