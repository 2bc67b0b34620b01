from django.urls import path

from agents.views import agent, log

urlpatterns = [
    path("agents/", agent.agents, name="agents"),
    path("agents/<str:name>/", agent.agent, name="agent"),
    path("agents/<str:name>/state/", agent.agent_state, name="agent-state"),
    path("agents/<str:name>/ask/", agent.agent_ask, name="agent-ask"),
    path("agents/<str:name>/log/", log.agent_log, name="agent-log"),
    path("agents/<str:name>/raw/", log.agent_raw, name="agent-raw"),
    path("agents/<str:name>/stop/", agent.agent_stop, name="agent-stop"),
    path("agents/<str:name>/resume/", agent.agent_resume, name="agent-resume"),
    path("agents/<str:name>/answer/", agent.agent_answer, name="agent-answer"),
    path("agents/<str:name>/dismiss/", agent.agent_dismiss, name="agent-dismiss"),
    path("agents/<str:name>/delete/", agent.agent_delete, name="agent-delete"),
]
