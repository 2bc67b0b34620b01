from django.http import HttpRequest, HttpResponse
from ninja import Router, Status

from cw_site.foundation.access import name_of, require_scope
from cw_site.foundation.paging import DEFAULT_LIMIT
from cw_site.foundation.schemas import ERRORS, IdPath, Limit, Offset
from initiatives.actions.task import complete_checkpoint, create_task, delete_task, edit_task, retry_task
from initiatives.api.output import answer, answer_tasks, task_out
from initiatives.api.schemas import CompleteIn, TaskIn, TaskList, TaskOut, TaskPatch
from initiatives.repositories.phase import PhaseRepository
from initiatives.repositories.task import TaskRepository

router = Router(tags=["tasks"])


@router.get("/phases/{phase_id}/tasks", response={200: TaskList, **ERRORS}, summary="Tasks of a phase in order")
def list_tasks(
    request: HttpRequest, phase_id: IdPath, limit: Limit = DEFAULT_LIMIT, offset: Offset = 0
) -> HttpResponse:
    require_scope(request, "read")
    return answer_tasks(PhaseRepository().get(phase_id), limit=limit, offset=offset)


@router.post("/phases/{phase_id}/tasks", response={201: TaskOut, **ERRORS}, summary="Add a task")
def post_task(request: HttpRequest, phase_id: IdPath, body: TaskIn) -> HttpResponse:
    require_scope(request, "run")
    return answer(task_out(create_task(phase_id, **body.dict())), status=201)


@router.get("/tasks/{task_id}", response={200: TaskOut, **ERRORS}, summary="A task")
def get_task(request: HttpRequest, task_id: IdPath) -> HttpResponse:
    require_scope(request, "read")
    return answer(task_out(TaskRepository().get(task_id)))


@router.patch("/tasks/{task_id}", response={200: TaskOut, **ERRORS}, summary="Change a task")
def patch_task(request: HttpRequest, task_id: IdPath, body: TaskPatch) -> HttpResponse:
    require_scope(request, "run")
    return answer(task_out(edit_task(task_id, **body.dict(exclude_unset=True))))


@router.delete("/tasks/{task_id}", response={204: None, **ERRORS}, summary="Delete a task nobody has carried out")
def remove_task(request: HttpRequest, task_id: IdPath) -> Status[None]:
    require_scope(request, "admin")
    delete_task(task_id)
    return Status(204, None)


@router.post("/tasks/{task_id}/complete", response={200: TaskOut, **ERRORS}, summary="Complete a checkpoint")
def complete(request: HttpRequest, task_id: IdPath, body: CompleteIn) -> HttpResponse:
    require_scope(request, "run")
    return answer(task_out(complete_checkpoint(task_id, summary=body.summary, by=name_of(request))))


@router.post("/tasks/{task_id}/retry", response={200: TaskOut, **ERRORS}, summary="Try a blocked task again")
def retry(request: HttpRequest, task_id: IdPath) -> HttpResponse:
    require_scope(request, "run")
    return answer(task_out(retry_task(task_id)))
