from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import UserCreationForm
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from cw_site import first_run as gate


class AdministratorForm(UserCreationForm[User]):
    """Name and password of the first administrator."""


@login_not_required
@require_http_methods(["GET", "POST"])
def first_run(request: HttpRequest, token: str) -> HttpResponse:
    """The page behind the printed link."""
    gate.check(token)
    form = AdministratorForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        user = gate.create_administrator(
            token, username=form.cleaned_data["username"], password=form.cleaned_data["password1"]
        )
        login(request, user, backend="django.contrib.auth.backends.ModelBackend")
        return redirect("hq")
    return render(request, "site/first_run.html", {"form": form}, status=422 if form.errors else 200)
