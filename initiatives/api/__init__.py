"""The JSON API of what is wanted: projects, initiatives, phases, tasks and pages."""

from ninja import Router

from initiatives.api import initiatives, pages, phases, projects, tasks

router = Router()
for part in (projects, initiatives, phases, tasks, pages):
    router.add_router("", part.router)
