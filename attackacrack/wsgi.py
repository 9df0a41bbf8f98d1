"""WSGI entry point, served by gunicorn."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "attackacrack.settings")

application = get_wsgi_application()

from attackacrack.health import looking  # noqa: E402  (only now are the models there)

looking.begin()
