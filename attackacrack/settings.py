"""All settings, from the environment. `.env.example` lists every variable; `.env` is read if it exists.

Without any variable the project runs in development mode on the embedded PostgreSQL and Valkey under `.data/`.
`DJANGO_ENV=production` turns every missing secret or server into a refusal to start.
"""

import os
from pathlib import Path

import environ
from django.core.exceptions import ImproperlyConfigured
from django.templatetags.static import static
from django.urls import reverse_lazy
from kombu import Queue

from attackacrack import embedded, navigation, secrets_store, security_headers

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
if (BASE_DIR / ".env").exists():
    env.read_env(BASE_DIR / ".env")


def choice(name: str, default: str, *allowed: str) -> str:
    """One of the allowed words. A slip of the pen must not turn production, or the sandbox, into the other one."""
    value = env.str(name, default="").strip().lower() or default
    if value not in allowed:
        raise ImproperlyConfigured(f"{name} is {value!r}. It can be: {', '.join(allowed)}.")
    return value


PRODUCTION = choice("DJANGO_ENV", "development", "development", "production") == "production"
DEBUG = env.bool("DEBUG", default=not PRODUCTION)
if PRODUCTION and DEBUG:
    raise ImproperlyConfigured("DEBUG is on in production. Remove DEBUG from the environment.")
DATA_DIR = embedded.data_folder()  # not from .env: the demo and the supervisor read no .env


def required_in_production(name: str) -> str:
    """The variable's value, "" when unset in development; unset in production is a refusal to start."""
    value = env.str(name, default="")
    if PRODUCTION and not value:
        raise ImproperlyConfigured(f"{name} is not set. Production needs it: see .env.example.")
    return value


SECRET_KEY = required_in_production("SECRET_KEY") or secrets_store.secret_key(DATA_DIR)
# The first key encrypts, all of them decrypt. Real Fernet keys, never derived from SECRET_KEY.
FERNET_KEYS = [key.strip() for key in required_in_production("FERNET_KEYS").split(",") if key.strip()]
if PRODUCTION and not FERNET_KEYS:
    raise ImproperlyConfigured("FERNET_KEYS holds no key. Production needs one: see .env.example.")
FERNET_KEYS = FERNET_KEYS or [secrets_store.fernet_key(DATA_DIR)]
# age's secret key. Without one there are no backups, which the office is told of.
BACKUP_KEY = env.str("BACKUP_KEY", default="") or ("" if PRODUCTION else secrets_store.backup_key(DATA_DIR))
BACKUP_FOLDER = Path(env.str("BACKUP_FOLDER", default="") or DATA_DIR / "backups")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[] if PRODUCTION else ["*"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

# --- Servers -----------------------------------------------------------------------------------
DATABASE_URL = required_in_production("DATABASE_URL")
REDIS_URL = required_in_production("REDIS_URL")
# Each process takes its own lock on the embedded servers, so the addresses never travel in the environment.
servers = None if DATABASE_URL and REDIS_URL else embedded.ensure(DATA_DIR)
if DATABASE_URL:
    DATABASES = {"default": env.db_url("DATABASE_URL", engine="django.db.backends.postgresql")}
else:
    assert servers is not None
    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": servers.database_name,
            "USER": servers.database_user,
            "HOST": str(servers.socket_folder),
        }
    }
DATABASES["default"]["CONN_MAX_AGE"] = env.int("CONN_MAX_AGE", default=60)
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
# Each trigger asks whether it is to be ignored. While nobody has said so PostgreSQL raises and catches an error for each
# row, which goes through all checks of foreign keys that wait for the commit.
options = DATABASES["default"].setdefault("OPTIONS", {})
options["options"] = f"{options.get('options', '')} -c pgtrigger.ignore={{}}".strip()
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = REDIS_URL or servers.redis
CACHES = {
    # Here allauth counts wrong passwords, and it knows no other cache: without Redis nobody is locked out, and nobody
    # guesses without end. Culling starts far above what an office leaves there in a day.
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "attackacrack_cache",
        "OPTIONS": {"MAX_ENTRIES": 10_000},
    },
    "redis": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        # A mute Redis must not hold up a page.
        "OPTIONS": {"socket_timeout": 2, "socket_connect_timeout": 2},
    },
}

CELERY_BROKER_URL = env.str("CELERY_BROKER_URL", default="") or (servers.broker if servers else REDIS_URL)
CELERY_TASK_IGNORE_RESULT = True
CELERY_RESULT_EXPIRES = None  # nothing is kept, so beat needs no schedule that clears it away
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_TIME_LIMIT = 60 * 60
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
# Each start is written down at once: what was started last is beat's sign of life.
CELERY_BEAT_SYNC_EVERY = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# A page must never wait for a mute broker: beat finds the rows whose bell was lost.
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "socket_timeout": 5,
    "socket_connect_timeout": 2,
    "visibility_timeout": 2 * 60 * 60,
}
CELERY_TASK_PUBLISH_RETRY = False
# What a person waits for has a queue of its own, and a worker that does nothing else (Procfile: people): three long
# pulls never hold up a saved quote. Backups have one, so that with several machines they all go to one disk. A worker that
# is told nothing takes from all of them, so one alone is enough, too.
CELERY_TASK_QUEUES = [Queue("celery"), Queue("people"), Queue("backups")]
CELERY_TASK_ROUTES = {
    **{
        f"quickbooks_integration.tasks.{name}": {"queue": "people"}
        for name in ("push", "send_email", "decide_conflicts")
    },
    # Where the files of backups are.
    "attackacrack.tasks.back_up": {"queue": "backups"},
    "attackacrack.tasks.verify_history": {"queue": "backups"},
}
CELERY_WORKER_HIJACK_ROOT_LOGGER = False

# --- Applications ------------------------------------------------------------------------------
INSTALLED_APPS = [
    "unfold",
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "csp",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "django_celery_beat",
    "pgtrigger",
    "pghistory",
    "contacts",
    "billing",
    "quickbooks_integration",
    "attackacrack",
]
MIDDLEWARE = [
    "attackacrack.health.answering.HealthMiddleware",
    "attackacrack.outcomes.page_times.PageTimesMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "attackacrack.security_headers.PermissionsMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "attackacrack.sign_in.second_factor.SecondFactorMiddleware",
    "attackacrack.sign_in.step_up.StepUpMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "attackacrack.audit.requests.HistoryMiddleware",
]
ROOT_URLCONF = "attackacrack.urls"
WSGI_APPLICATION = "attackacrack.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "attackacrack.sign_in.looks.context",
            ]
        },
    }
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

# The history of changes is only added to; the database refuses everything else.
PGHISTORY_APPEND_ONLY = True

# --- Time, language, files ---------------------------------------------------------------------
LANGUAGE_CODE = "en-us"
# The business's own zone: due dates and the morning run mean its wall clock.
TIME_ZONE = env.str("TIME_ZONE", default="America/New_York")
USE_TZ = True
CELERY_TIMEZONE = TIME_ZONE
STATIC_URL = "static/"
STATIC_ROOT = DATA_DIR / "static"
if not PRODUCTION:
    STATIC_ROOT.mkdir(parents=True, exist_ok=True)  # whitenoise warns of a missing one with every start
# Outside production nothing is collected first, with DEBUG or without.
WHITENOISE_USE_FINDERS = not PRODUCTION
STATICFILES_DIRS = [BASE_DIR / "attackacrack" / "static"]
DATA_UPLOAD_MAX_NUMBER_FIELDS = 20_000

# --- Security ----------------------------------------------------------------------------------
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"  # Intuit's redirect back to us is a top-level GET from another site.
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PRODUCTION
SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=PRODUCTION)
SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", default=31_536_000 if PRODUCTION else 0)
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = PRODUCTION
SECURE_REFERRER_POLICY = "same-origin"
if PRODUCTION:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
LOGIN_URL = reverse_lazy("account_login")
LOGIN_REDIRECT_URL = reverse_lazy("admin:index")

# --- Sign-in -----------------------------------------------------------------------------------
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
ACCOUNT_ADAPTER = "attackacrack.sign_in.adapter.Adapter"
ACCOUNT_FORMS = {
    "login": "attackacrack.sign_in.forms.SignInForm",
    "change_password": "attackacrack.sign_in.forms.NewPasswordForm",
}
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"  # the office typed the address in, and its invitation arrives there or nowhere
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_EMAIL_NOTIFICATIONS = True  # of a new password, and of factors that come and go
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_SESSION_REMEMBER = True
PASSWORD_RESET_TIMEOUT = 3 * 24 * 60 * 60  # an invitation of Friday still opens on Monday
ACCOUNT_REAUTHENTICATION_TIMEOUT = 15 * 60
SECOND_FACTOR_REQUIRED = env.bool("SECOND_FACTOR_REQUIRED", default=PRODUCTION)
MFA_ADAPTER = "attackacrack.sign_in.adapter.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_ALLOW_UNVERIFIED_EMAIL = True  # nobody signs up, so nobody waits to be verified
MFA_TOTP_ISSUER = "Attack-a-Crack CRM"
MFA_TOTP_TOLERANCE = 1  # telephones' clocks differ by some seconds
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not PRODUCTION
# Proxies in front of us: tries are counted by the address that the outermost of them saw, which others could invent.
ALLAUTH_TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXIES", default=1 if PRODUCTION else 0)

# --- QuickBooks --------------------------------------------------------------------------------
QUICKBOOKS_CLIENT_ID = env.str("QUICKBOOKS_CLIENT_ID", default="")
QUICKBOOKS_CLIENT_SECRET = env.str("QUICKBOOKS_CLIENT_SECRET", default="")
QUICKBOOKS_REDIRECT_URI = env.str("QUICKBOOKS_REDIRECT_URI", default="http://localhost:5000/auth/quickbooks/callback")
# The rule of the plan: true only for "true" in any case. A system check warns of any other word but "false".
QUICKBOOKS_SANDBOX_WORD = env.str("QUICKBOOKS_SANDBOX", default="True")
QUICKBOOKS_SANDBOX = QUICKBOOKS_SANDBOX_WORD.lower() == "true"
# Proves that a webhook comes from Intuit. Without it every webhook is refused; a system check says so in production.
QUICKBOOKS_WEBHOOK_VERIFIER_TOKEN = env.str("QUICKBOOKS_WEBHOOK_VERIFIER_TOKEN", default="").strip()
# Points every Intuit address at a local emulator; the system checks refuse it in production.
QUICKBOOKS_EMULATOR_URL = env.str("QUICKBOOKS_EMULATOR_URL", default="").rstrip("/")
CONTENT_SECURITY_POLICY = {"DIRECTIVES": security_headers.content_policy(QUICKBOOKS_EMULATOR_URL)}
# Intuit: since 2025-08 lower versions are treated as 75.
QUICKBOOKS_MINOR_VERSION = 75
# Intuit allows 10 requests a second, 500 a minute and 10 at once per company; we stay below the first two.
QUICKBOOKS_REQUESTS_PER_SECOND = env.int("QUICKBOOKS_REQUESTS_PER_SECOND", default=8)
QUICKBOOKS_REQUESTS_PER_MINUTE = env.int("QUICKBOOKS_REQUESTS_PER_MINUTE", default=450)
QUICKBOOKS_REQUESTS_AT_ONCE = env.int("QUICKBOOKS_REQUESTS_AT_ONCE", default=10)
# Seconds to wait for a connection, and for (each part of) an answer. Intuit: a request takes at most 120 s.
QUICKBOOKS_CONNECT_TIMEOUT = env.float("QUICKBOOKS_CONNECT_TIMEOUT", default=5.0)
QUICKBOOKS_READ_TIMEOUT = env.float("QUICKBOOKS_READ_TIMEOUT", default=60.0)
# Seconds before a failed request is tried again (doubling), and for which all wait once Intuit says "too fast".
QUICKBOOKS_RETRY_SECONDS = env.float("QUICKBOOKS_RETRY_SECONDS", default=1.0)
QUICKBOOKS_PAUSE_SECONDS = env.float("QUICKBOOKS_PAUSE_SECONDS", default=60.0)
# After so many requests in a row without an answer QuickBooks counts as out of order: background work pauses.
QUICKBOOKS_OUTAGE_AFTER = env.int("QUICKBOOKS_OUTAGE_AFTER", default=3)
# Reads that Intuit's plan includes in a month; 0 for no limit. Builder, the free one: 500,000.
QUICKBOOKS_MONTHLY_READS = env.int("QUICKBOOKS_MONTHLY_READS", default=500_000)
# The only addresses that test books of Intuit's sandbox may mail to: its documents can bear real customers' names.
QUICKBOOKS_SANDBOX_EMAILS = env.list("QUICKBOOKS_SANDBOX_EMAILS", default=[])
# A pull that would change or remove a larger share of the known customers stops and asks.
QUICKBOOKS_BRAKE_PERCENT = env.int("QUICKBOOKS_BRAKE_PERCENT", default=5)
QUICKBOOKS_BRAKE_MINIMUM = env.int("QUICKBOOKS_BRAKE_MINIMUM", default=5)

# --- OpenPhone (now Quo) -----------------------------------------------------------------------
# Of its page Settings > API. Without it nothing is asked there.
OPENPHONE_API_KEY = env.str("OPENPHONE_API_KEY", default="").strip()
OPENPHONE_API_URL = env.str("OPENPHONE_API_URL", default="https://api.quo.com").rstrip("/")
# Of its webhooks, old (base64) and new (whsec_...) ones side by side. Without any every webhook is refused.
OPENPHONE_WEBHOOK_KEYS = env.list("OPENPHONE_WEBHOOK_KEYS", default=[])
# It allows 10 a second for each key, whatever asks.
OPENPHONE_REQUESTS_PER_SECOND = env.int("OPENPHONE_REQUESTS_PER_SECOND", default=8)
# Seconds to wait for a connection, and for (each part of) an answer; before a failed request is tried again (doubling).
OPENPHONE_CONNECT_TIMEOUT = env.float("OPENPHONE_CONNECT_TIMEOUT", default=5.0)
OPENPHONE_READ_TIMEOUT = env.float("OPENPHONE_READ_TIMEOUT", default=30.0)
OPENPHONE_RETRY_SECONDS = env.float("OPENPHONE_RETRY_SECONDS", default=1.0)
# How far the first reading goes back.
OPENPHONE_HISTORY_DAYS = env.int("OPENPHONE_HISTORY_DAYS", default=1095)

# --- Follow-ups --------------------------------------------------------------------------------
# Days after a quote was sent and not answered, after an invoice was due, and so on: one follow-up at each.
FOLLOW_UP_QUOTE_DAYS = env.list("FOLLOW_UP_QUOTE_DAYS", cast=int, default=[3, 7, 14])
FOLLOW_UP_COLLECT_DAYS = env.list("FOLLOW_UP_COLLECT_DAYS", cast=int, default=[1, 7, 21])
# After the last of them once more each so many days, as long as it is not paid; 0 for never.
FOLLOW_UP_COLLECT_AGAIN_DAYS = env.int("FOLLOW_UP_COLLECT_AGAIN_DAYS", default=30)
FOLLOW_UP_SCHEDULE_DAYS = env.list("FOLLOW_UP_SCHEDULE_DAYS", cast=int, default=[0])
FOLLOW_UP_DONE_DAYS = env.list("FOLLOW_UP_DONE_DAYS", cast=int, default=[1])
FOLLOW_UP_THANK_DAYS = env.list("FOLLOW_UP_THANK_DAYS", cast=int, default=[0])
FOLLOW_UP_THANK_WITHIN_DAYS = env.int("FOLLOW_UP_THANK_WITHIN_DAYS", default=7)
# After the work was done: thanks, and a reminder for who has not reviewed it. Not asked for later than so many days.
FOLLOW_UP_THANK_WORK_DAYS = env.list("FOLLOW_UP_THANK_WORK_DAYS", cast=int, default=[1])
FOLLOW_UP_REVIEW_DAYS = env.list("FOLLOW_UP_REVIEW_DAYS", cast=int, default=[7])
FOLLOW_UP_REVIEW_WITHIN_DAYS = env.int("FOLLOW_UP_REVIEW_WITHIN_DAYS", default=3)
# Where customers review the business; it stands in both texts.
REVIEW_LINK = env.str("REVIEW_LINK", default="").strip()
# Whether somebody who was a customer before is asked for a review and thanked again.
FOLLOW_UP_REPEAT_CUSTOMERS = env.bool("FOLLOW_UP_REPEAT_CUSTOMERS", default=True)
# When the office works, by weekday; a weekday that is left out is closed. Follow-ups are due on working days only.
WORKING_HOURS = env.dict("WORKING_HOURS", default=dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), "8:00-18:00"))
# The federal holidays of the United States, and more days on which the office is closed: 2026-12-24,2026-12-31.
FEDERAL_HOLIDAYS = env.bool("FEDERAL_HOLIDAYS", default=True)
HOLIDAYS = env.list("HOLIDAYS", default=[])
# What was due longer ago is never raised, so years of QuickBooks' history raise nothing.
FOLLOW_UP_OLDEST_DAYS = env.int("FOLLOW_UP_OLDEST_DAYS", default=30)
# So many days after the work was done an unpaid invoice is marked on the first page, whatever its terms.
UNPAID_ALERT_DAYS = env.int("UNPAID_ALERT_DAYS", default=2)
# Whether the office gets an e-mail within a minute of each customer's yes.
APPROVAL_ALERTS = env.bool("APPROVAL_ALERTS", default=True)
# Dollars. A yes to more than this is marked in the e-mail's subject and on the first page.
APPROVAL_ALERT_OVER = env.int("APPROVAL_ALERT_OVER", default=5_000)

# --- E-mail ------------------------------------------------------------------------------------
# Who in the office is told when a person is needed, such as to sign in to QuickBooks again.
OFFICE_EMAILS = env.list("OFFICE_EMAILS", default=[])
# smtp+tls://user:password@host:587, filemail:///folder; without it e-mails only show in the log.
vars().update(env.email_url("EMAIL_URL", default="consolemail://"))
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="crm@localhost")

# --- Admin's looks -----------------------------------------------------------------------------
UNFOLD = {
    "SITE_TITLE": "Attack-a-Crack CRM",
    "SITE_HEADER": "Attack-a-Crack",
    "SITE_SUBHEADER": "Contacts and QuickBooks",
    "SITE_SYMBOL": "foundation",
    "SITE_URL": None,  # there is no site besides the admin
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("attackacrack/favicon.svg")}
    ],
    "STYLES": [
        lambda request: static("attackacrack/theme.css"),
        lambda request: static("attackacrack/admin.css"),
    ],
    "SCRIPTS": [lambda request: static("attackacrack/theme.js")],
    # None, so that the theme writes no style into the page, which our policy forbids: they are in theme.css. A plain
    # {} would be filled with the theme's own.
    "COLORS": lambda request: {},
    "ACCOUNT": {
        "navigation": [
            {"title": "Change password", "link": reverse_lazy("account_change_password")},
            {"title": "Second factor", "link": reverse_lazy("mfa_index")},
        ]
    },
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
    "ENVIRONMENT": "attackacrack.navigation.environment",
    "DASHBOARD_CALLBACK": "attackacrack.first_page.context",
    # Without the theme's search box: it finds entries of this menu, not the customer whose name is typed into it.
    "SIDEBAR": {"show_search": False, "navigation": navigation.sidebar},
}

# line for people, json for a machine that collects them; both masked (masking.py).
LOG_FORMAT = choice("LOG_FORMAT", "line", "line", "json")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": "attackacrack.logs.LineFormatter",
            "format": "{asctime} {levelname} {name} {message}",
            "style": "{",
        },
        "json": {"()": "attackacrack.logs.JsonFormatter"},
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": LOG_FORMAT}},
    "root": {"handlers": ["console"], "level": os.environ.get("LOG_LEVEL", "INFO")},
    # Without Django's own handlers, which would print the same line once more, unmasked: addresses hold OAuth's code.
    "loggers": {
        "django": {"handlers": [], "level": "INFO"},
        "django.server": {"handlers": [], "level": "INFO", "propagate": True},
        "celery": {"level": "WARNING"},  # not a line for each task of each minute
    },
}

# --- Sentry ------------------------------------------------------------------------------------
# Without an address nothing of it is even imported.
SENTRY_DSN = env.str("SENTRY_DSN", default="").strip()
SENTRY_ENVIRONMENT = env.str("SENTRY_ENVIRONMENT", default="production" if PRODUCTION else "development")
