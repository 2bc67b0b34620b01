"""What agents are told, from templates/agents/prompts/: plain text, so nothing is escaped."""

from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.template import Context, Engine

FOLDER = Path(settings.BASE_DIR) / "templates" / "agents" / "prompts"


@cache
def _engine() -> Engine:
    return Engine(dirs=[str(FOLDER)], autoescape=False)


def render_prompt(name: str, **values: Any) -> str:
    """The prompt of that name, filled in."""
    return _engine().get_template(f"{name}.md").render(Context(values, autoescape=False)).strip() + "\n"
