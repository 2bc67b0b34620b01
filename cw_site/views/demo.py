from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from cw_site.demo.set_up import set_up_demo


@require_POST
def play_demo(request: HttpRequest) -> HttpResponse:
    """Make the demo and show its initiative; the worker does the rest."""
    initiative = set_up_demo()
    messages.success(
        request, "The demo plays: scripted agents change a real repository. The first phase will wait for you."
    )
    return redirect("initiative", initiative.id)
