from initiatives.repositories.branch import BranchRepository
from initiatives.repositories.initiative import InitiativeRepository
from initiatives.repositories.page import PageRepository
from initiatives.repositories.phase import PhaseRepository
from initiatives.repositories.project import ProjectRepository
from initiatives.repositories.task import TaskRepository

__all__ = [
    "BranchRepository",
    "InitiativeRepository",
    "PageRepository",
    "PhaseRepository",
    "ProjectRepository",
    "TaskRepository",
]
