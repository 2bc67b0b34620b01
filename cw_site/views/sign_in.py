from typing import Any

from django.contrib.auth.models import User
from django.contrib.auth.views import LoginView


class SignInView(LoginView):
    """Sign in by name and password; repeated failures lock the pair of name and address for a while (django-axes)."""

    template_name = "site/sign_in.html"
    redirect_authenticated_user = True

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(nobody_yet=not User.objects.exists(), **kwargs)
