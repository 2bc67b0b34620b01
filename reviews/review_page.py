"""What a review page shows of a phase or an initiative, read with a constant number of queries."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from django.core.cache import cache

from agents.models import Agent
from agents.repositories import AgentRepository
from cw_site.foundation.errors import DomainError
from cw_site.git.commits import Commit, list_commits
from cw_site.git.diffs import LineCount, count_lines
from initiatives.models import Initiative, Phase
from initiatives.states import BranchOwner, PhaseStatus
from reviews.file_diffs import Reviewed, ReviewedFiles
from reviews.file_views import FileEntry, anchor_of
from reviews.heads import Heads, between, initiative_ranges, list_branches, phase_ranges, shas_of
from reviews.models import ReviewDecision, ReviewRound
from reviews.repositories import ReviewCommentRepository, ReviewRoundRepository
from reviews.states import Decision, ReviewOwner
from reviews.threads import Thread, gather_threads

MOST_COMMITS = 200
_COUNTS_SECONDS = 24 * 3600


@dataclass(frozen=True)
class Group:
    """One project of a review."""

    reviewed: Reviewed
    entries: list[FileEntry]

    @property
    def commits(self) -> list[Commit]:
        """The newest commits of the branch, without those that it has from elsewhere."""
        return list_commits(self.reviewed.clone, self.reviewed.base, self.reviewed.head, limit=MOST_COMMITS)


@dataclass(frozen=True)
class ReviewPage:
    """A review as one looks at it. `problem`: why there is nothing to see. `since`: see `read_phase_review`.

    `heads` are those of the whole review, whatever part of it is shown.
    """

    groups: list[Group] = field(default_factory=list)
    heads: Heads = field(default_factory=dict)
    threads: list[Thread] = field(default_factory=list)
    rounds: list[ReviewRound] = field(default_factory=list)
    decisions: list[ReviewDecision] = field(default_factory=list)
    agents: list[Agent] = field(default_factory=list)
    problem: str = ""
    since: int = 0

    @property
    def entries(self) -> list[FileEntry]:
        return [entry for group in self.groups for entry in group.entries]

    @property
    def shas(self) -> dict[str, str]:
        return shas_of(self.heads)

    @property
    def latest_round(self) -> ReviewRound | None:
        return self.rounds[-1] if self.rounds else None

    @property
    def open_threads(self) -> int:
        return sum(thread.is_open for thread in self.threads)

    def project_name(self, entry: FileEntry) -> str:
        """The name of the file's project where the review spans several; else ''."""
        names = {group.reviewed.project_id: group.reviewed.branch.project.name for group in self.groups}
        return names.get(entry.project_id, "") if len(names) > 1 else ""

    @property
    def lost_threads(self) -> list[Thread]:
        """Threads on files that are not in the diff any more."""
        if self.since:
            return []
        shown = {(entry.project_id, entry.change.path) for entry in self.entries}
        return [thread for thread in self.threads if (thread.root.project_id, thread.root.file_path) not in shown]

    def find(self, anchor: str) -> tuple[Reviewed, FileEntry] | None:
        """A file by its anchor."""
        for group in self.groups:
            for entry in group.entries:
                if entry.anchor == anchor:
                    return group.reviewed, entry
        return None


def read_phase_review(phase: Phase, *, since: int = 0) -> ReviewPage:
    """The phase's diff with its threads and history; a merged phase is read from what was recorded.

    `since`: only what changed after the round of this number; 0 or a round that is not there: all of it.
    """
    rounds = ReviewRoundRepository()
    listed = rounds.list_rounds(ReviewOwner.PHASE, phase.pk)
    decisions = rounds.list_decisions(ReviewOwner.PHASE, phase.pk)
    threads = gather_threads(ReviewCommentRepository().find_by_phase_id(phase.pk))
    agents = [row for row in AgentRepository().find_by_initiative_id(phase.initiative_id) if row.phase_id == phase.pk]
    page = ReviewPage(threads=threads, rounds=listed, decisions=decisions, agents=agents)
    try:
        heads = phase_seen(phase, decisions)
        if not heads:
            return replace(page, problem=_why_nothing(phase))
        earlier = next((row for row in listed if row.number == since), None)
        shown = between(earlier.heads, heads) if earlier else heads
        groups = _groups(ReviewedFiles.of_phase(phase, shown), threads)
        return replace(page, heads=heads, groups=groups, since=earlier.number if earlier else 0)
    except DomainError as error:
        return replace(page, problem=error.message)


def read_initiative_review(initiative: Initiative) -> ReviewPage:
    """The initiative's diff against the default branches, with its history."""
    rounds = ReviewRoundRepository()
    page = ReviewPage(
        rounds=rounds.list_rounds(ReviewOwner.INITIATIVE, initiative.pk),
        decisions=rounds.list_decisions(ReviewOwner.INITIATIVE, initiative.pk),
    )
    try:
        heads = initiative_ranges(initiative)
        if not heads:
            return replace(page, problem="No phase of this initiative has started yet, so nothing has changed.")
        return replace(page, heads=heads, groups=_groups(ReviewedFiles.of_initiative(initiative, heads), []))
    except DomainError as error:
        return replace(page, problem=error.message)


def phase_seen(phase: Phase, decisions: Iterable[ReviewDecision]) -> Heads:
    """Base and head of each project: as they are now, or as they were when the phase was merged."""
    if phase.status != PhaseStatus.COMPLETED:
        return phase_ranges(phase)
    approved = [decision for decision in decisions if decision.decision == Decision.APPROVED]
    branches = list_branches(BranchOwner.PHASE, phase.pk)
    seen: Heads = {}
    for branch in branches:
        recorded = approved[-1].heads.get(branch.project_id) if approved else None
        if recorded is not None and recorded["head"] == branch.merged_sha:
            seen[branch.project_id] = {"base": recorded["base"], "head": recorded["head"]}
        else:
            seen[branch.project_id] = {"base": branch.base_sha, "head": branch.merged_sha or branch.base_sha}
    return seen


def with_counts(group: Group) -> Group:
    """The group with lines counted. About as slow as the whole diff, so asked for apart; kept for a day."""
    counts = counts_of(group.reviewed)
    return replace(group, entries=[replace(entry, count=counts.get(entry.change.path)) for entry in group.entries])


def counts_of(reviewed: Reviewed) -> dict[str, LineCount]:
    """Added and removed lines by path between the two commits, which never change."""
    key = f"counts:{reviewed.project_id}:{reviewed.base}:{reviewed.head}"
    counts: dict[str, LineCount] | None = cache.get(key)
    if counts is None:
        counts = count_lines(reviewed.clone, reviewed.base, reviewed.head)
        cache.set(key, counts, _COUNTS_SECONDS)
    return counts


def _groups(files: ReviewedFiles, threads: list[Thread]) -> list[Group]:
    by_file: dict[tuple[str, str], list[Thread]] = {}
    for thread in threads:
        by_file.setdefault((thread.root.project_id or "", thread.root.file_path), []).append(thread)
    return [
        Group(
            reviewed,
            [
                FileEntry(
                    anchor_of(project_id, change.path),
                    project_id,
                    change,
                    threads=by_file.get((project_id, change.path), ()),
                )
                for change in files.list_changes(project_id)
            ],
        )
        for project_id, reviewed in files.projects.items()
    ]


def _why_nothing(phase: Phase) -> str:
    if phase.status in (PhaseStatus.PENDING, PhaseStatus.APPROVED):
        return "This phase has not started, so nothing has changed yet."
    return "This phase works in no project, so there are no files to look at."
