"""Shadows: a defect that would have decided as the clean server did, and left the same behind, need not be tried."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar

import pytest

from conformance.reference import Decisions
from conformance.reference._decision import decision
from conformance.reference._shadows import Shadows, memories


@dataclass
class Box:
    """What lies in it, on shelves."""

    things: list[str] = field(default_factory=list)
    labels: dict[str, list[str]] = field(default_factory=dict)


@dataclass(eq=False)
class Keeper:
    """Somebody with choices and a memory."""

    box: Box = field(default_factory=Box)
    count: int = 0
    unknown: object = None
    decisions: Decisions = field(default_factory=Decisions)

    @decision
    def take(self, thing: str) -> str:
        """Put a thing into the box."""
        self.count += 1
        self.box.things.append(thing)
        self.box.labels.setdefault(thing[0], []).append(thing)
        return self.receipt(thing)

    @decision
    def receipt(self, thing: str) -> str:
        """What is said of it."""
        return f"{thing} {self.count}"

    @decision
    def record(self, thing: str) -> dict[str, str]:
        """A thing's card."""
        return {"thing": thing}


Override = Callable[..., Any]


def touched(override: Override, point: str = "take", keeper: Keeper | None = None, *more: tuple[str, Override]) -> bool:
    """Whether the override would have decided otherwise than the clean keeper, who must not notice it."""
    shadows = Shadows({name: [("odd", function)] for name, function in [(point, override), *more]})
    keeper = keeper or Keeper()
    keeper.decisions.shadows = shadows
    said = [keeper.take("apple"), keeper.take("pear")]
    card = keeper.record("apple")
    assert said == ["apple 1", "pear 2"]
    assert card == {"thing": "apple"}
    assert keeper.box == Box(["apple", "pear"], {"a": ["apple"], "p": ["pear"]})
    assert keeper.count == 2
    assert keeper.decisions.consulted == {"take", "receipt", "record"}
    return bool(shadows.touched)


def delegates(clean: Override, _: Keeper, thing: str) -> object:
    return clean(thing)


def other_answer(clean: Override, _: Keeper, thing: str) -> object:
    return clean(thing) + "!" if thing == "pear" else clean(thing)


def other_argument(clean: Override, _: Keeper, thing: str) -> object:
    return clean(thing.upper())


def twice(clean: Override, _: Keeper, thing: str) -> object:
    clean(thing)
    return clean(thing)


def changes_before(clean: Override, keeper: Keeper, thing: str) -> object:
    keeper.count += 1
    return clean(thing)


def changes_behind(clean: Override, keeper: Keeper, thing: str) -> object:
    said = clean(thing)
    keeper.box.labels[thing[0]].clear()
    return said


def replaces_behind(clean: Override, keeper: Keeper, thing: str) -> object:
    said = clean(thing)
    keeper.box = Box()
    return said


def does_nothing(_clean: Override, keeper: Keeper, thing: str) -> object:
    return f"{thing} {keeper.count + 1}"


def does_the_same(_clean: Override, keeper: Keeper, thing: str) -> object:
    keeper.count += 1
    keeper.box.things.append(thing)
    keeper.box.labels.setdefault(thing[0], []).append(thing)
    return f"{thing} {keeper.count}"


def fails(_clean: Override, _: Keeper, thing: str) -> object:
    raise LookupError(thing)


async def waits(clean: Override, _: Keeper, thing: str) -> object:
    return clean(thing)


def sees_what_the_clean_decision_left(clean: Override, keeper: Keeper, thing: str) -> object:
    before = len(keeper.box.things)
    said = clean(thing)
    return said if len(keeper.box.things) == before + 1 else "lost"


@pytest.mark.parametrize("override", [delegates, sees_what_the_clean_decision_left])
def test_a_defect_that_decides_the_same_and_leaves_the_same_is_not_touched(override: Override) -> None:
    assert not touched(override)


@pytest.mark.parametrize(
    "override",
    [other_answer, other_argument, twice, changes_before, changes_behind, replaces_behind, does_nothing, fails, waits],
)
def test_a_defect_that_differs_or_can_not_be_compared_is_touched(override: Override) -> None:
    assert touched(override)


def test_a_defect_that_does_the_same_by_its_own_means_may_count_as_different_but_never_the_other_way_round() -> None:
    touched(does_the_same)


def test_a_result_that_a_defect_changes_in_place_is_seen_and_put_back() -> None:
    def spoils(clean: Override, _: Keeper, thing: str) -> object:
        card = clean(thing)
        card["thing"] = "a lie"
        return card

    assert touched(spoils, "record")
    assert not touched(delegates, "record")


def test_a_defect_inside_another_decision_is_asked_there() -> None:
    assert touched(other_answer, "receipt")
    assert not touched(delegates, "receipt")


def test_a_defect_that_goes_round_the_clean_decision_to_a_point_of_its_own_is_touched() -> None:
    def asks_by_itself(clean: Override, keeper: Keeper, thing: str) -> object:
        keeper.receipt(thing)
        return clean(thing)

    assert touched(asks_by_itself, "take", None, ("receipt", delegates))
    assert not touched(asks_by_itself)


def test_memory_of_an_unknown_kind_touches_everybody() -> None:
    assert touched(delegates, "take", Keeper(unknown=object()))
    assert not touched(delegates, "take", Keeper(unknown=b"octets"))


@pytest.mark.parametrize("sees_mail", [True, False])
def test_what_happens_behind_the_reply_is_the_same_to_who_sees_no_mail(sees_mail: bool) -> None:
    class Porter(Keeper):
        BEHIND_THE_REPLY: ClassVar = True

    shadows = Shadows({"take": [("odd", other_answer)]}, sees_mail=sees_mail)
    for keeper in (Porter(), Keeper()):
        shadows.touched.clear()
        keeper.decisions.shadows = shadows
        keeper.take("pear")
        assert bool(shadows.touched) == (sees_mail or not isinstance(keeper, Porter))


OURS = "conformance.test"
"""Only classes of ours are known to keep all that they remember in their attributes."""


class Plain:
    """Somebody whose memory is in attributes, and in the slots of what he holds."""

    __module__ = OURS

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.slots = Slots()
        self.decisions = Decisions()

    @decision
    def hear(self, word: str) -> str:
        """Take note of a word."""
        self.heard.append(word)
        self.slots.last = word
        return word


class Slots:
    """A memory in slots."""

    __module__ = OURS
    __slots__ = ("last",)
    last: str

    def __init__(self) -> None:
        self.last = ""


def forgets_the_last(clean: Override, plain: Plain, word: str) -> object:
    said = clean(word)
    plain.slots.last = ""
    return said


def notes_something_new(clean: Override, plain: Plain, word: str) -> object:
    said = clean(word)
    setattr(plain, "more", word)  # noqa: B010 - nobody declared it
    return said


def hears_in_capitals(clean: Override, plain: Plain, word: str) -> object:
    said = clean(word)
    plain.heard[-1] = word.upper()
    return said


@pytest.mark.parametrize(
    ("override", "differs"),
    [(delegates, False), (forgets_the_last, True), (notes_something_new, True), (hears_in_capitals, True)],
)
def test_memory_in_attributes_and_slots_is_compared_and_put_back(override: Override, differs: bool) -> None:
    plain = Plain()
    plain.decisions.shadows = Shadows({"hear": [("odd", override)]})
    assert [plain.hear("yes"), plain.hear("no")] == ["yes", "no"]
    assert plain.heard == ["yes", "no"]
    assert plain.slots.last == "no"
    assert vars(plain).keys() == {"heard", "slots", "decisions"}
    assert bool(plain.decisions.shadows.touched) is differs


def test_a_decision_that_raises_touches_everybody() -> None:
    class Refuser(Keeper):
        @decision
        def refuse(self, thing: str) -> str:
            raise LookupError(thing)

    refuser = Refuser()
    refuser.decisions.shadows = Shadows({"refuse": [("odd", delegates)]})
    with pytest.raises(LookupError):
        refuser.refuse("pear")
    assert refuser.decisions.shadows.touched == {"odd"}


@dataclass(eq=False)
class Sender(Keeper):
    """Somebody who can do what nobody can take back."""

    nursery: str = "a nursery"
    sent: list[str] = field(default_factory=list)

    @decision
    def send(self, thing: str) -> None:
        """Send it."""
        self.post(thing)

    @decision
    def stamp(self, thing: str) -> str:
        """Put a stamp on it."""
        return f"stamped {thing}"

    def post(self, thing: str) -> None:
        """Do it."""
        self.decisions.act()
        self.sent.append(thing)


def sends_it_too(clean: Override, sender: Sender, thing: str) -> object:
    sender.post(thing)
    return clean(thing)


def test_what_a_sender_decides_is_compared_but_not_what_it_does() -> None:
    sender = Sender()
    shadows = sender.decisions.shadows = Shadows(
        {"send": [("same", delegates)], "stamp": [("plain", delegates), ("acts", sends_it_too)]}
    )
    assert sender.stamp("pear") == "stamped pear"
    assert shadows.touched == {"acts"}
    assert sender.sent == []
    sender.send("pear")
    assert shadows.touched == {"acts", "same"}
    assert sender.sent == ["pear"]
    shadows.asking = ""
    sender.decisions.act()


def test_what_is_only_said_on_the_ladder_is_kept_apart_until_somebody_asks_for_it() -> None:
    def only_words(point: str, decided: object, own: object) -> frozenset[str] | None:
        return frozenset({point, str(own)}) if own != decided and str(own).endswith("!") else None

    def shouts(clean: Override, _: Keeper, thing: str) -> object:
        return clean(thing) + "!"

    def mutters(clean: Override, _: Keeper, thing: str) -> object:
        return clean(thing) + "."

    def takes_two(clean: Override, keeper: Keeper, thing: str) -> object:
        said = clean(thing)
        keeper.count += 1
        return said + "!"

    def shown() -> tuple[Keeper, Shadows]:
        keeper = Keeper()
        asked = [("shouts", shouts), ("mutters", mutters), ("takes-two", takes_two)]
        keeper.decisions.shadows = Shadows({"take": asked}, only_said=only_words)
        keeper.take("pear")
        return keeper, keeper.decisions.shadows

    _, shadows = shown()
    assert shadows.touched == {"mutters", "takes-two"}
    assert shadows.spoke == {"shouts": {"take", "pear 1!"}}
    shadows.recall()
    assert "shouts" in shadows.touched

    keeper, shadows = shown()
    shadows.leave_ladder()
    keeper.take("apple")
    assert "shouts" in shadows.touched, "what is said later counts"


_seen: dict[Keeper, int] = {}
TABLE = {"pear": "apple"}


def third_time(clean: Override, keeper: Keeper, thing: str) -> object:
    _seen[keeper] = _seen.get(keeper, 0) + 1
    return "no more" if _seen[keeper] == 2 else clean(thing)


def by_a_helper(clean: Override, keeper: Keeper, thing: str) -> object:
    return third_time(clean, keeper, thing)


def inside(clean: Override, keeper: Keeper, thing: str) -> object:
    return clean(thing) if all(seen is not keeper for seen in map(lambda _: _seen, thing)) else ""  # noqa: C417


def by_a_table(clean: Override, _: Keeper, thing: str) -> object:
    return clean(TABLE.get(thing, thing))


def closed_over() -> Override:
    seen: list[str] = []

    def remember(clean: Override, _: Keeper, thing: str) -> object:
        seen.append(thing)
        return clean(thing)

    return remember


@pytest.mark.parametrize("override", [third_time, by_a_helper, inside, closed_over()])
def test_the_memory_of_a_defect_is_found(override: Override) -> None:
    assert memories(override)


@pytest.mark.parametrize("override", [delegates, does_the_same, by_a_table])
def test_a_table_is_no_memory(override: Override) -> None:
    assert not memories(override)


@pytest.mark.parametrize("beside", [delegates, changes_behind])
def test_a_defect_with_a_memory_is_asked_once_for_each_decision(beside: Override) -> None:
    asked: list[str] = []

    def counts(clean: Override, _: Keeper, thing: str) -> object:
        asked.append(thing)
        return clean(thing) if len(asked) < 3 else "no more"

    keeper = Keeper()
    shadows = keeper.decisions.shadows = Shadows(
        {"take": [("counts", counts), ("beside", beside)], "receipt": [("beside", beside)]}, remembering={"counts"}
    )
    keeper.take("apple")
    keeper.take("pear")
    assert asked == ["apple", "pear"]
    assert "counts" not in shadows.touched
    keeper.take("plum")
    assert "counts" in shadows.touched
