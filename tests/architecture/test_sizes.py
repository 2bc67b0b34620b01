import ast

from tests.sources import nodes, python_files, text_of

FILE_LINES, FUNCTION_LINES = 400, 60


def test_files_stay_small() -> None:
    sizes = {str(path): text_of(path).count("\n") for path in python_files()}

    assert {path: lines for path, lines in sizes.items() if lines >= FILE_LINES} == {}


def test_functions_stay_small() -> None:
    sizes = {
        f"{path}:{node.lineno} {node.name}": (node.end_lineno or 0) - node.lineno + 1
        for path in python_files()
        for node in nodes(path)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }

    assert {name: lines for name, lines in sizes.items() if lines >= FUNCTION_LINES} == {}
