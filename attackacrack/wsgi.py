"""WSGI entry point, served by gunicorn."""

import gc
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "attackacrack.settings")

application = get_wsgi_application()

from attackacrack.health import looking  # noqa: E402  (only now are the models there)

looking.begin()

# What is loaded by now lives as long as the process; without this Python goes through all of it for cycles, in the middle
# of somebody's request.
gc.collect()
gc.freeze()
