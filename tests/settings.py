"""Settings of the test run: the product's own, on a throwaway data folder and database.

CW_TEST_POSTGRESQL=1 starts a PostgreSQL for the run; a failure to start is an error, never a skip.
"""

import atexit
import os
import tempfile

if "CW_TEST_DATA_DIR" not in os.environ:
    os.environ["CW_TEST_DATA_DIR"] = tempfile.mkdtemp(prefix="cw-test-")
os.environ["CW_DATA_DIR"] = os.environ["CW_TEST_DATA_DIR"]
os.environ["CW_HOST_NAME"] = "test-host"
os.environ.pop("DATABASE_URL", None)
if os.environ.get("CW_TEST_POSTGRESQL") == "1" and "CW_TEST_DATABASE_URL" not in os.environ:
    from tests.postgresql import start_server

    # workers of pytest-xdist and programs under test inherit the address and share the server
    _server = start_server()
    atexit.register(_server.stop)
    os.environ["CW_TEST_DATABASE_URL"] = _server.url
if "CW_TEST_DATABASE_URL" in os.environ:
    os.environ["DATABASE_URL"] = os.environ["CW_TEST_DATABASE_URL"]

from cw_site.settings import *  # noqa: F403
from cw_site.settings import CW_DATA_DIR, DATABASES, STORAGES

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {**STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
CW_RETRY_DELAY_SECONDS = 0
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # a file, not memory: threads and other processes must see the same rows
    DATABASES["default"]["TEST"] = {"NAME": str(CW_DATA_DIR / "test.sqlite3")}
