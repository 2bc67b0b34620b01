"""The providers there are. A new one needs its module and one line here."""

from agents.providers.base import Provider
from agents.providers.claude import Claude
from agents.providers.scripted import Scripted
from cw_site.foundation.errors import NotFound

PROVIDERS: dict[str, Provider] = {provider.name: provider for provider in (Claude(), Scripted())}


def get_provider(name: str) -> Provider:
    """The provider of that name. Raises NotFound."""
    try:
        return PROVIDERS[name]
    except KeyError:
        known = ", ".join(sorted(PROVIDERS))
        raise NotFound(f'There is no provider "{name}". Known are: {known}.') from None
