import json
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError, call_command

from cw_site.demo.headless import play_headless
from cw_site.demo.set_up import set_up_demo
from cw_site.foundation.errors import DomainError


class Command(BaseCommand):
    help = "Make the demo project and let scripted agents work on it; --headless plays it to the merge and prints JSON."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--headless", action="store_true", help="do a person's part too, then print what was done")

    def handle(self, *args: Any, **options: Any) -> None:
        call_command("migrate", verbosity=0, interactive=False)
        try:
            if options["headless"]:
                report = play_headless()
                self.stdout.write(json.dumps(report, indent=2))
                if report["processes_left"]:
                    raise CommandError("Processes of agents were left behind.")
                return
            initiative = set_up_demo()
        except DomainError as error:
            raise CommandError(error.message) from None
        self.stdout.write(f"Watch it: http://127.0.0.1:{settings.CW_PORT}/initiatives/{initiative.id}/")
