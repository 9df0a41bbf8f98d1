from django.urls import path

from quickbooks_integration import views
from quickbooks_integration.webhooks import receiving

urlpatterns = [
    path("auth/quickbooks", views.connect, name="quickbooks_connect"),
    path("auth/quickbooks/callback", views.callback, name="quickbooks_callback"),
    path("webhooks/quickbooks", receiving.receive, name="quickbooks_webhook"),
]
