"""The JSON API of who does it: agents, accounts, conversations and messages."""

from ninja import Router

from agents.api import accounts, agents, talk

router = Router()
for part in (agents, accounts, talk):
    router.add_router("", part.router)
