"""What only some places may do: query a table, start a process, call text safe HTML. Exceptions are named here."""

import ast
import re
from pathlib import Path

from django.apps import apps

from tests.sources import ROOT, nodes, project_files, python_files

PRODUCT = ("cw_site", "initiatives", "agents", "reviews")
OURS = ("foundation", "cw_site", "initiatives", "agents", "reviews")
MANAGERS = {"objects", "_default_manager", "_base_manager"}
QUERIES = {"all", "exclude", "exists", "filter", "order_by", "select_related", "values_list", "create"}
PROCESS_MODULES = {"subprocess", "multiprocessing", "pty"}
PROCESS_CALLS = re.compile(r"^(exec|spawn|posix_spawn|fork)|^(system|popen)$")

OTHER_TABLES = {
    ("cw_site/tokens.py", "ApiToken"),  # the repository of api_tokens in all but name
    ("cw_site/management/commands/worker.py", "OxTask"),  # the engine's table, not ours
}
STARTS_PROCESSES = {
    "agents/providers/scripted_cli.py": "a program of its own: the scripted agent runs its commands",
    "cw_site/demo/headless.py": "starts the worker as `make run` does",
    "reviews/diffs/highlight_pool.py": "lexers run apart, where they can be ended",
}
MAKES_SAFE_HTML = {
    "initiatives/templatetags/plan.py": "task_rows escapes every text",
    "agents/views/agent.py": "log_entries escapes every text",
    "cw_site/foundation/markdown.py": "nh3 has cleaned it",
    "reviews/file_views.py": "render_rows escapes every text",
}
PARTS = {
    "agents/repositories/agent_session.py": "agents/repositories/agent.py",
    "agents/repositories/agent_output.py": "agents/repositories/agent.py",
}


def test_only_repositories_query() -> None:
    found = {
        (str(path), _name(node.value))
        for path in python_files(*PRODUCT)
        if not _may_query(path)
        for node in nodes(path)
        if isinstance(node, ast.Attribute) and node.attr in MANAGERS
    }

    # people are Django's own table: the site's ground floor makes and counts them
    found = {(path, name) for path, name in found if not (path.startswith("cw_site/") and name == "User")}
    assert found - OTHER_TABLES == set()


def test_nobody_queries_through_a_related_manager() -> None:
    related = {
        relation.get_accessor_name()
        for model in apps.get_models()
        if model._meta.app_label in OURS
        for relation in model._meta.related_objects
    }
    found = {
        f"{path}:{node.lineno} .{node.func.value.attr}.{node.func.attr}()"
        for path in python_files(*PRODUCT)
        if not _may_query(path)
        for node in nodes(path)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Attribute)
        and node.func.attr in QUERIES
        and node.func.value.attr in related
    }

    # a change set comes with its entries already read
    assert {line for line in found if not line.endswith(".entries.all()")} == set()


def test_every_table_has_exactly_one_repository() -> None:
    homes: dict[str, set[str]] = {model.__name__: set() for model in _models()}
    for path in python_files("initiatives", "agents", "reviews"):
        if "repositories" in path.parts:
            for name in _tables(path) & set(homes):
                homes[name].add(PARTS.get(str(path), str(path)))

    assert {name: sorted(paths) for name, paths in homes.items() if len(paths) != 1} == {}


def test_processes_start_in_few_places() -> None:
    found = {
        str(path)
        for path in python_files(*PRODUCT)
        if path.parts[:2] not in {("cw_site", "git"), ("agents", "runtime")} and "commands" not in path.parts
        for node in nodes(path)
        if _starts_a_process(node)
    }

    assert found == set(STARTS_PROCESSES)


def test_html_is_called_safe_in_few_places() -> None:
    found = {
        str(path)
        for path in python_files(*PRODUCT)
        for node in nodes(path)
        if isinstance(node, ast.Call) and _name(node.func) in {"mark_safe", "SafeString", "SafeText"}
    }
    unsafe = re.compile(r"\|\s*safe(seq)?\b|autoescape\s+off")
    templates = {
        str(path)
        for path in project_files()
        if "templates" in path.parts and path.suffix == ".html" and unsafe.search((ROOT / path).read_text())
    }

    assert found == set(MAKES_SAFE_HTML)
    assert templates == set()


def test_what_agents_print_is_never_cut_at_other_than_newlines() -> None:
    found = {
        f"{path}:{node.lineno}"
        for path in python_files("agents", "reviews")
        if path.parts[0] == "agents" or path.parts[1] == "diffs"
        for node in nodes(path)
        if isinstance(node, ast.Attribute) and node.attr == "splitlines"
    }

    assert found == set()


def _may_query(path: Path) -> bool:
    return "repositories" in path.parts or path.name == "admin.py" or path.parts[:2] == ("cw_site", "foundation")


def _models() -> list[type]:
    labels = ("initiatives", "agents", "reviews")
    return [model for model in apps.get_models() if model._meta.app_label in labels]


def _tables(path: Path) -> set[str]:
    """The models whose rows a repository's file reads or writes."""
    tables: set[str] = set()
    for node in nodes(path):
        queries = isinstance(node, ast.Attribute) and node.attr in MANAGERS
        owns = isinstance(node, ast.Assign) and [_name(target) for target in node.targets] == ["model"]
        if isinstance(node, ast.Attribute | ast.Assign) and (queries or owns):
            tables.add(_name(node.value))
    return tables


def _starts_a_process(node: ast.AST) -> bool:
    if isinstance(node, ast.Import):
        return any(alias.name.partition(".")[0] in PROCESS_MODULES for alias in node.names)
    if isinstance(node, ast.ImportFrom):
        return (node.module or "").partition(".")[0] in PROCESS_MODULES
    if isinstance(node, ast.Attribute) and _name(node.value) == "os":
        return PROCESS_CALLS.search(node.attr) is not None
    return isinstance(node, ast.Attribute) and node.attr.startswith("create_subprocess")


def _name(node: ast.AST) -> str:
    if isinstance(node, ast.Name):
        return node.id
    return node.attr if isinstance(node, ast.Attribute) else ""
