from argparse import ArgumentParser
from typing import Any

from django.contrib.auth.models import User
from django.core.management import BaseCommand, CommandError

from cw_site.foundation.access import Scope
from cw_site.foundation.errors import DomainError
from cw_site.tokens import create_token


class Command(BaseCommand):
    help = "Print a new token for the JSON API, once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("user")
        parser.add_argument("--scope", action="append", choices=[scope.value for scope in Scope], required=True)
        parser.add_argument("--name", default="")
        parser.add_argument("--days", type=int, default=None, help="until it ends; 90 unless told")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(username=options["user"]).first()
        if user is None:
            raise CommandError(f"There is no user {options['user']!r}. The first one is made by the first-run link.")
        try:
            secret = create_token(user, scopes=options["scope"], name=options["name"], days=options["days"])
        except DomainError as error:
            raise CommandError(error.message) from None
        self.stdout.write(secret)
