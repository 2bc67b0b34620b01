"""What a browser must not see on any page: errors in the console, broken rules of the Content-Security-Policy."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from playwright.sync_api import BrowserContext, ConsoleMessage, WebError

REPORT_CSP = """addEventListener("securitypolicyviolation", (event) => {
  console.error(`CSP: ${event.violatedDirective} blocked ${event.blockedURI}`, event.sourceFile, event.lineNumber);
});"""
LEFT_BEHIND = re.compile(r"htmx:(sendAbort|afterRequest)")
"""htmx says so when the page is left while it still fetches a part of it; nobody misses that part."""


@dataclass
class Watch:
    """Collects what went wrong in any page of a context."""

    problems: list[str] = field(default_factory=list)
    _expected: str = ""

    def attach(self, context: BrowserContext) -> None:
        context.add_init_script(REPORT_CSP)
        context.on("console", self._on_console)
        context.on("weberror", self._on_error)

    def check(self) -> None:
        """Fail with all that was seen, and forget it."""
        problems, self.problems = self.problems, []
        assert not problems, "\n".join(problems)

    @contextmanager
    def expecting(self, pattern: str) -> Iterator[None]:
        """Meanwhile errors that match the pattern are part of the test."""
        self._expected = pattern
        try:
            yield
        finally:
            self._expected = ""

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self._note(f"{message.text} ({message.location['url']}) on {message.page.url if message.page else '?'}")

    def _on_error(self, error: WebError) -> None:
        self._note(f"uncaught: {error.error} on {error.page.url if error.page else '?'}")

    def _note(self, problem: str) -> None:
        if LEFT_BEHIND.match(problem) or (self._expected and re.search(self._expected, problem)):
            return
        self.problems.append(problem)
