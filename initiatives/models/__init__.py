from initiatives.models.branch import Branch
from initiatives.models.initiative import Initiative, InitiativeProject
from initiatives.models.page import Page
from initiatives.models.phase import Phase, PhaseDependency
from initiatives.models.project import Project
from initiatives.models.task import Task, TaskDependency

__all__ = [
    "Branch",
    "Initiative",
    "InitiativeProject",
    "Page",
    "Phase",
    "PhaseDependency",
    "Project",
    "Task",
    "TaskDependency",
]
