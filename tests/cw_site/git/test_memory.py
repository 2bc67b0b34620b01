"""What is remembered of git's answers."""

from cw_site.git.memory import Memory


class Asked:
    """Counts how often it is asked."""

    def __init__(self, answer: bytes) -> None:
        self.answer = answer
        self.times = 0

    def __call__(self) -> bytes:
        self.times += 1
        return self.answer


def test_a_question_is_asked_once() -> None:
    memory, asked = Memory(), Asked(b"yes")
    answers = [memory.recall(("patch", "a"), asked, weigh=len) for _ in range(3)]
    assert answers == [b"yes"] * 3
    assert asked.times == 1


def test_that_there_is_nothing_is_remembered_too() -> None:
    memory, times = Memory(), []
    for _ in range(2):
        assert memory.recall("base", lambda: times.append(1), weigh=lambda answer: 1) is None
    assert len(times) == 1


def test_what_was_not_asked_for_longest_is_forgotten_first() -> None:
    memory = Memory(limit=10, largest=10)
    asked = {name: Asked(b"four") for name in "abc"}
    for name in "abac":
        memory.recall(name, asked[name], weigh=len)
    for name in "ac":
        memory.recall(name, asked[name], weigh=len)
    assert [asked[name].times for name in "abc"] == [1, 1, 1]
    memory.recall("b", asked["b"], weigh=len)
    assert asked["b"].times == 2


def test_a_large_answer_is_not_kept() -> None:
    memory, asked = Memory(limit=10, largest=3), Asked(b"four")
    for _ in range(2):
        memory.recall("a", asked, weigh=len)
    assert asked.times == 2


def test_an_error_is_not_kept() -> None:
    memory, times = Memory(), []

    def ask() -> bytes:
        times.append(1)
        if len(times) == 1:
            raise OSError("not now")
        return b"now"

    try:
        memory.recall("a", ask, weigh=len)
    except OSError:
        assert memory.recall("a", ask, weigh=len) == b"now"
    assert len(times) == 2
