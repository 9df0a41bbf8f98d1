from django.urls import path

from contacts.openphone import receiving

urlpatterns = [path("webhooks/openphone", receiving.receive, name="openphone_webhook")]
