"""Starting one session: claimed in a transaction, prepared and launched outside of it, recorded in the next.

Everything in between may be repeated: a worker that dies half-way leaves a session `starting`, and whoever is asked
next goes on. The lock on the preparation keeps two from laying out one folder; the shim's lock admits one process.
"""

import logging
import threading
from pathlib import Path

from django.conf import settings
from django.db import transaction

from agents.actions.accounts import take_account
from agents.models import Agent, AgentSession
from agents.prompts import render_prompt
from agents.providers.base import LaunchRequest, Provider
from agents.providers.registry import get_provider
from agents.repositories.agent import AgentRepository
from agents.runtime import process, supervisor
from agents.runtime.cw_files import clear_signal, empty_output, write_input
from agents.runtime.environment import agent_environment, agent_path
from agents.runtime.inputs import input_files, work_of
from agents.runtime.locks import try_lock
from agents.runtime.paths import account_folder, agent_folder, private_folder, session_folder
from agents.runtime.programs import executable_of
from agents.runtime.records import record_live
from agents.runtime.workspace import Workspace, ensure_workspace, folders_of
from agents.states import NUDGES, SessionKind, SessionState
from cw_site.foundation.clock import now
from cw_site.foundation.errors import DomainError, LostRace
from cw_site.foundation.reconcile import request_reconcile
from initiatives.states import InitiativeStatus

logger = logging.getLogger(__name__)

GIT_ENVIRONMENT = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"}
"""The user's own git settings (signing, hooks) are not an agent's."""
_claiming = threading.Lock()


def launch_session(session_id: str) -> None:
    """Make sure that the session was started, unless it must wait; safe to call at any time, from anywhere."""
    session = _claim(session_id)
    if session is None:
        return
    folder = private_folder(session_folder(session.agent_id, session.number))
    with try_lock(folder / supervisor.PREPARE_LOCK) as ours:
        if not ours:
            return
        try:
            if process.probe(folder).state == "absent":
                _prepare(session)
                process.start(folder)
        except Exception as error:
            _record_failure(session, error)
            return
        record_live(session, process.probe(folder))
    supervisor.wake()


def _claim(session_id: str) -> AgentSession | None:
    """Take a queued session that is due and has a place and an account; one of ours that was being started; else
    None, with the reason on its row."""
    agents = AgentRepository()
    session = agents.find_session(session_id)
    if session is None:
        return None
    if session.status == SessionState.STARTING and session.host == settings.CW_HOST_NAME:
        return session
    if session.status != SessionState.QUEUED or (session.not_before is not None and session.not_before > now()):
        return None
    with _claiming, transaction.atomic():
        full = why_put_away(session) or full_house(session.agent.provider)
        if full:
            _explain(session, full)
            return None
        choice = take_account(session.agent.provider, preferred_id=session.account_id or session.agent.account_id)
        if choice.waits:
            agents.update_session(session.id, not_before=choice.until)
            _explain(session, choice.waits)
            return None
        account_id = choice.account.id if choice.account else None
        try:
            agents.move_session(
                session.id,
                to=SessionState.STARTING,
                source=SessionState.QUEUED,
                host=settings.CW_HOST_NAME,
                account_id=account_id,
            )
        except LostRace:
            return None
        agents.update(session.agent_id, account_id=account_id, host=settings.CW_HOST_NAME)
    return agents.find_session(session.id)


def why_put_away(session: AgentSession) -> str:
    """Why nothing new starts for the session's initiative, empty where it may. What was begun may be finished."""
    initiative = session.agent.initiative
    if initiative is None or initiative.status != InitiativeStatus.ARCHIVED or session.purpose in NUDGES:
        return ""
    return "The initiative is archived; restore it to go on."


def full_house(provider: str) -> str:
    """Why no further session of the provider can run on this host, empty where one can."""
    running = AgentRepository().list_sessions([SessionState.STARTING, SessionState.LIVE], host=settings.CW_HOST_NAME)
    if len(running) >= settings.CW_AGENTS_PER_HOST:
        return f"Waits for a place: at most {settings.CW_AGENTS_PER_HOST} agents work at once (CW_AGENTS_PER_HOST)."
    same = sum(session.agent.provider == provider for session in running)
    if same >= settings.CW_AGENTS_PER_PROVIDER:
        label, most = get_provider(provider).label, settings.CW_AGENTS_PER_PROVIDER
        return f"Waits for a place: at most {most} agents of {label} work at once (CW_AGENTS_PER_PROVIDER)."
    return ""


def _explain(session: AgentSession, reason: str) -> None:
    AgentRepository().explain_session(session.id, reason)
    AgentRepository().explain(session.agent_id, reason)


def _prepare(session: AgentSession) -> None:
    """Lay out the worktrees, `.cw/`, the account's folder and the launch."""
    agents = AgentRepository()
    agent = agents.get(session.agent_id)
    provider = get_provider(agent.provider)
    executable = executable_of(agent.provider)
    workspace = ensure_workspace(agent)
    write_input(workspace.cwd, input_files(agent, folders=folders_of(workspace)))
    if session.purpose in NUDGES:
        clear_signal(workspace.cwd)
    else:
        empty_output(workspace.cwd)
    prompt = session.prompt or _work_prompt(agent, workspace)
    folder = session_folder(agent.id, session.number)
    request, home = _request(session, agent, provider, executable, workspace, prompt)
    launch = provider.launch(request)
    tmp = private_folder(agent_folder(agent.id) / "tmp")
    env = agent_environment(
        session_marker=session.id,
        home=home,
        tmp=tmp,
        path=agent_path(),
        extra=GIT_ENVIRONMENT | launch.env,
        git_name=agent.name,
        git_email=f"{agent.name}@agents.invalid",
    )
    process.write_launch(
        folder, argv=launch.argv, env=env, cwd=workspace.cwd, stdin=launch.stdin, stop_signals=launch.stop_signals
    )
    agents.update_session(session.id, prompt=prompt)
    agents.update(
        agent.id,
        worktree_id=str(workspace.cwd),
        worktree_released_at=None,
        output_file_path=str(folder / "output.jsonl"),
    )


def _request(
    session: AgentSession, agent: Agent, provider: Provider, executable: str, workspace: Workspace, prompt: str
) -> tuple[LaunchRequest, Path | None]:
    """What the provider is asked for, and the agent's home: its own, or the user's where its login is used."""
    account = session.account
    config_dir: Path | None = None
    home: Path | None = None
    account_env: dict[str, str] = {}
    if account is not None:
        config_dir = private_folder(account_folder(account.id))
        home = private_folder(agent_folder(agent.id) / "home")
        account_env = provider.write_account(
            config_dir, config_json=account.config_json or "", credentials=account.credentials or ""
        )
    request = LaunchRequest(
        prompt=prompt,
        working_dir=workspace.cwd,
        session_id=session.cli_session_id,
        executable=executable,
        resume=session.kind == SessionKind.RESUME,
        config_dir=config_dir,
        model=agent.model or None,
        account_env=account_env,
    )
    return request, home


def _work_prompt(agent: Agent, workspace: Workspace) -> str:
    """The first prompt: it names branches and folders, which are known only now."""
    branches = sorted({tree.branch for tree in workspace.trees if tree.branch})
    folders = ", ".join(folders_of(workspace).values())
    return render_prompt("work", agent=agent, work=work_of(agent), folders=folders, branches=", ".join(branches))


def _record_failure(session: AgentSession, error: Exception) -> None:
    """The session could not be started; what follows from that is settled like any other end."""
    if isinstance(error, DomainError):
        message = error.message
    else:
        logger.exception("session %s could not be started", session.id)
        message = f"An error of our own: {type(error).__name__}. The server's log has more."
    agents = AgentRepository()
    try:
        with transaction.atomic():
            agents.move_session(
                session.id,
                to=SessionState.ENDED,
                source=SessionState.STARTING,
                reason=message,
                evidence={"error": message, "not_started": True},
                ended_at=now(),
            )
            request_reconcile()
    except LostRace:
        return
