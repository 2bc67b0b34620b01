"""The one settings file. What a person may change comes from the environment; see README, Configuration."""

import socket
from datetime import timedelta
from pathlib import Path
from typing import Any

import dj_database_url
from django.utils.csp import CSP

from cw_site import env

BASE_DIR = Path(__file__).resolve().parent.parent
CW_DATA_DIR = env.private_folder(Path(env.text("CW_DATA_DIR", str(BASE_DIR / ".data"))).expanduser().resolve())
CW_PORT = env.number("CW_PORT", 3847)
# Remembered with the data: a machine that is renamed must not lose sight of the agents that it carries.
CW_HOST_NAME = env.text("CW_HOST_NAME") or env.stored_text(CW_DATA_DIR, "host_name", socket.gethostname())
CW_LISTEN = env.text("CW_LISTEN", "127.0.0.1")

SECRET_KEY = env.stored_key(CW_DATA_DIR / "keys", "secret_key")
SALT_KEY = [env.stored_key(CW_DATA_DIR / "keys", "credentials_key")]
DEBUG = env.flag("CW_DEBUG")
ALLOWED_HOSTS = ["127.0.0.1", "localhost", "[::1]", *env.words("CW_ALLOWED_HOSTS")]
CSRF_TRUSTED_ORIGINS = env.words("CW_TRUSTED_ORIGINS")
if "*" in ALLOWED_HOSTS:
    raise ValueError("CW_ALLOWED_HOSTS must name hosts exactly: '*' would let any web site speak to this server.")
if CW_LISTEN not in {"127.0.0.1", "::1", "localhost"} and not env.words("CW_ALLOWED_HOSTS"):
    raise ValueError("CW_LISTEN opens this server to others: name its hosts in CW_ALLOWED_HOSTS as well.")

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_htmx",
    "django_ox",
    "lucide",
    "ninja",
    "axes",
    "cw_site.foundation",
    "cw_site",
    "initiatives",
    "agents",
    "reviews",
]
MIDDLEWARE = [
    "cw_site.api_errors.JsonErrorMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "cw_site.middleware.PlainAddressMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "cw_site.middleware.SameOriginMiddleware",
    "cw_site.middleware.EventCursorMiddleware",
    "cw_site.middleware.DomainErrorMiddleware",
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "cw_site.urls"
ASGI_APPLICATION = "cw_site.asgi.application"
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.csp",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "cw_site.context.navigation",
            ],
        },
    }
]

DATABASES: dict[str, Any] = {
    "default": dj_database_url.config(default=f"sqlite:///{CW_DATA_DIR / 'db.sqlite3'}", conn_max_age=60)
}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # BEGIN IMMEDIATE with WAL: of 2,400 transactions by 16 writers none failed, where a deferred BEGIN failed 2,271
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;",
    }
SILENCED_SYSTEM_CHECKS = ["fields.W163", "models.W046"]
"""Column comments are for PostgreSQL and docs/database.md; SQLite keeps none, which is no mistake."""
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TASKS: dict[str, Any] = {
    "default": {
        "BACKEND": "django_ox.backend.OxBackend",
        "QUEUES": ["default", f"host-{CW_HOST_NAME}"],
        "OPTIONS": {
            "MAX_ATTEMPTS": 5,
            "LOCK_TIMEOUT": 30,
            "BACKOFF_INITIAL": 1,
            "BACKOFF_MAX": 30,
            "SCHEDULES": {
                "reconcile": {"task": "cw_site.tasks.reconcile", "every": timedelta(seconds=5)},
                "prune": {"task": "cw_site.tasks.prune", "every": timedelta(minutes=30)},
            },
        },
    }
}
CW_ATTENTION_COUNT = "reviews.attention.count_waiting"
"""How many things wait for the person: the number in the navigation."""
CW_STREAM_RESPONSE = "cw_site.live.stream_response"
CW_RECONCILE_TASK = "cw_site.tasks.reconcile"
CW_SYNC_TASK = "initiatives.tasks.sync_project"
CW_PROVIDER_REGISTRY = "agents.providers.registry.PROVIDERS"
CW_TICKS = [
    "agents.ticks.free_accounts",
    "initiatives.ticks.repeat_syncs",
    "initiatives.ticks.start_phases",
    "agents.ticks.settle_sessions",
    "reviews.ticks.merge_tasks",
    "reviews.ticks.collect_chat_answers",
    "reviews.ticks.close_phases",
    "reviews.ticks.merge_phases",
    "reviews.ticks.close_initiatives",
    "reviews.ticks.finish_initiatives",
    "agents.ticks.start_tasks",
    "agents.ticks.resume_waiting",
    "agents.ticks.stop_orphans",
    "agents.ticks.release_worktrees",
]
"""The ticks of `reconcile`, in order; each reads rows and moves each one step."""

CW_AGENTS_PER_HOST = env.number("CW_AGENTS_PER_HOST", 4)
CW_AGENTS_PER_PROVIDER = env.number("CW_AGENTS_PER_PROVIDER", 4)
CW_DEFAULT_PROVIDER = env.text("CW_DEFAULT_PROVIDER", "claude")
CW_CLAUDE = env.text("CW_CLAUDE")
"""Path of the Claude Code executable; found on PATH where empty."""
CW_PROVIDER_EXECUTABLES = {"claude": CW_CLAUDE}
CW_CRASH_RETRIES = 2
CW_RETRY_DELAY_SECONDS = env.number("CW_RETRY_DELAY_SECONDS", 5)
"""Seconds before the first automatic retry of a crash; doubles."""
CW_SESSION_MAX_SECONDS = env.number("CW_SESSION_MAX_SECONDS", 6 * 3600)
"""How long one session of an agent may run before it is ended."""
CW_LOG_MAX_BYTES = env.number("CW_LOG_MAX_MEGABYTES", 64) * 1024**2
"""How much of one session's output goes to the database; its file has all of it."""
CW_TASK_INPUTS = ["reviews.inputs.review_comments"]
"""Functions that add files to a task's input, task -> {file name: text}; by name, so that nothing imports upwards."""

AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=5)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_VERBOSE = False
AXES_LOCKOUT_TEMPLATE = "site/locked_out.html"
AXES_HTTP_RESPONSE_CODE = 429
LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "hq"
LOGOUT_REDIRECT_URL = "sign-in"

SECURE_CSP = {
    "default-src": [CSP.NONE],
    "script-src": [CSP.SELF, CSP.NONCE],
    "style-src": [CSP.SELF, CSP.NONCE],
    "img-src": [CSP.SELF, "data:"],
    "connect-src": [CSP.SELF],
    "font-src": [CSP.SELF],
    "base-uri": [CSP.NONE],
    "form-action": [CSP.SELF],
    "frame-ancestors": [CSP.NONE],
    "object-src": [CSP.NONE],
}
CW_HTTPS = env.flag("CW_HTTPS")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = CW_HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if CW_HTTPS else 0
SESSION_COOKIE_NAME = "__Host-cw-session" if CW_HTTPS else f"cw-session-{CW_PORT}"
CSRF_COOKIE_NAME = "__Host-cw-csrf" if CW_HTTPS else f"cw-csrf-{CW_PORT}"
SESSION_COOKIE_AGE = 7 * 24 * 3600
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
FILE_UPLOAD_HANDLERS: list[str] = ["django.core.files.uploadhandler.MemoryFileUploadHandler"]

STATIC_URL = "static/"
STATIC_ROOT = CW_DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"
    },
}
LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_I18N = False
USE_TZ = True
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["console"], "level": env.text("CW_LOG_LEVEL", "INFO")},
    "loggers": {"django_ox": {"level": "WARNING"}, "django.tasks": {"level": "WARNING"}, "axes": {"level": "WARNING"}},
}
