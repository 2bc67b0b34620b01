"""The JSON API of whether it is good: reviews, comments, finishing, chat, proposals, and what waits."""

from ninja import Router

from reviews.api import attention, chat, comments, initiatives, phases, proposals

router = Router()
for part in (phases, comments, initiatives, chat, proposals, attention):
    router.add_router("", part.router)
