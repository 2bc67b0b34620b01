"""Every address. The apps are named by string: nothing below knows them."""

from django.conf import settings
from django.contrib import admin
from django.contrib.auth.views import LogoutView
from django.urls import URLPattern, URLResolver, include, path

from cw_site.api import api
from cw_site.views.demo import play_demo
from cw_site.views.events import events
from cw_site.views.favicon import favicon
from cw_site.views.first_run import first_run
from cw_site.views.sign_in import SignInView

_api_urls = api.urls
for _route in _api_urls[0]:
    # the API answers 401 by itself; the redirect to the sign-in page is for people
    setattr(_route.callback, "login_required", False)  # noqa: B010 (an attribute that functions do not declare)

urlpatterns: list[URLPattern | URLResolver] = [
    path("favicon.ico", favicon),
    path("sign-in/", SignInView.as_view(), name="sign-in"),
    path("sign-out/", LogoutView.as_view(), name="sign-out"),
    path("first-run/<str:token>/", first_run, name="first-run"),
    path("events", events, name="events"),
    path("demo/", play_demo, name="play-demo"),
    path("api/", _api_urls),
    path("admin/", admin.site.urls),
    path("", include("initiatives.urls")),
    path("", include("agents.urls")),
    path("", include("reviews.urls")),
]
if settings.DEBUG:
    from cw_site.views.styleguide import styleguide

    urlpatterns.append(path("styleguide/", styleguide, name="styleguide"))

handler400 = "cw_site.views.errors.bad_request"
handler403 = "cw_site.views.errors.forbidden"
handler404 = "cw_site.views.errors.not_found"
handler500 = "cw_site.views.errors.server_error"
