"""Where the program of a provider lies on this host."""

from django.conf import settings

from agents.providers.registry import get_provider


def executable_of(provider: str) -> str:
    """The path of the provider's program: as configured, else as the provider finds it.

    Raises NotFound for a provider that is none, ProviderMissing with what to install.
    """
    return get_provider(provider).find_executable(settings.CW_PROVIDER_EXECUTABLES.get(provider) or None)
