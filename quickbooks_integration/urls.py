from django.urls import path

from quickbooks_integration import views

urlpatterns = [
    path("auth/quickbooks", views.connect, name="quickbooks_connect"),
    path("auth/quickbooks/callback", views.callback, name="quickbooks_callback"),
]
