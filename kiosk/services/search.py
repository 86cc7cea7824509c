"""Finding a service by what a citizen types: Chinese words or parts of them, pinyin, its initials, English words.

Pure, and quick enough to answer each key: `index` is built once for a set of packs, `Index.find` looks. Nothing that
was typed is kept. What is looked at are a pack's names, its keywords (what people call the matter) and its summary.
The words are tried in the order of how sure one can be: as they are; by their sound, where a wrong character of the
same sound was chosen (注消 for 注销); without the verb in front (办执照); with one letter wrong, missing or too many;
and at last by pieces of two characters.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from importlib.resources import files
from itertools import accumulate

from kiosk.domain.text import Text
from kiosk.services.model import ServicePack

LONGEST = 24  # characters of a query that are looked at
LEAST_NEAR = 4  # letters: below that one wrong letter makes it another word
VERBS = ("我想要", "我想", "我要", "怎么", "如何", "办理", "申请", "申领", "办", "领", "查")
NAMES, LINES = 0, 1  # weight of a field: names and keywords before the line below them

Unit = tuple[str, tuple[str, ...], str]
"""A character, its readings, and what typing it may begin with; of a Latin word or a number: "" and itself."""
Score = tuple[int, ...]  # less is better
_WORD = re.compile(r"[a-z0-9]+|\S")


@cache
def readings() -> Mapping[str, tuple[str, ...]]:
    """The readings of a character, without tones, the usual one first: data/readings.txt (6,763 of GB/T 2312)."""
    found: dict[str, tuple[str, ...]] = {}
    for line in (files("kiosk.services") / "data" / "readings.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            syllable, characters = line.split(" ")
            for character in characters:
                found[character] = (*found.get(character, ()), syllable)
    return found


def folded(text: str) -> str:
    """Letters small, full-width signs as ordinary ones, whatever is neither letter nor digit a space."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return " ".join("".join(c if c.isalnum() else " " for c in plain).split())


def units(text: str, sounded: bool = True) -> tuple[Unit, ...]:
    """A text as what can be typed for it, one after another; not ``sounded``: without pinyin."""
    known = readings() if sounded else {}
    parts = _WORD.findall(folded(text))
    return tuple(
        ("", (part,), part[0])
        if part.isascii()
        else (part, sounds := known.get(part, ()), part + "".join(s[0] for s in sounds))
        for part in parts
    )


def spelled(text: str) -> str:
    """Its usual pinyin in one piece; what has none stays as it is."""
    return "".join(sounds[0] if sounds else sign for sign, sounds, _ in units(text))


class _Field:
    """One text of a pack. Of a line only characters and whole words are looked at, not their pinyin."""

    __slots__ = ("initials", "number", "size", "sound", "starts", "units", "weight")

    def __init__(self, number: int, text: str, weight: int) -> None:
        self.number, self.weight, self.units = number, weight, units(text, weight == NAMES)
        self.size = len(self.units)
        usual = [sounds[0] if sounds else sign for sign, sounds, _ in self.units]
        self.sound = "".join(usual)
        self.starts = (0, *accumulate(map(len, usual)))  # of each unit in ``sound``
        self.initials = "".join(sound[0] for sound in usual)


Start = tuple[_Field, int]


class Index:
    """Every place where a word of a service begins, by what may be typed first."""

    def __init__(self, packs: Iterable[ServicePack]) -> None:
        self._ids: list[str] = []
        self._first: dict[str, list[Start]] = {}
        self._two: dict[str, list[Start]] = {}
        self._named: dict[str, list[tuple[_Field, list[int]]]] = {}  # of names alone: each once, with all its starts
        for number, pack in enumerate(packs):
            self._ids.append(pack.pack_id)
            for text in (pack.short_name, pack.name, *pack.keywords):
                self._add(number, text, NAMES)
            self._add(number, pack.summary, LINES)

    def __len__(self) -> int:
        return len(self._ids)

    def _add(self, number: int, text: Text, weight: int) -> None:
        for words in dict.fromkeys((text.zh, text.en)):
            field = _Field(number, words, weight)
            places: dict[str, list[int]] = {}
            for at, (_, sounds, heads) in enumerate(field.units):
                start = (field, at)
                following = field.units[at + 1][2] if at + 1 < len(field.units) else ""
                pairs = {one + other for one in heads for other in following}
                for head in set(heads):
                    self._first.setdefault(head, []).append(start)
                    places.setdefault(head, []).append(at)
                for pair in pairs.union(sound[:2] for sound in sounds if len(sound) > 1):
                    self._two.setdefault(pair, []).append(start)
            for head, starts in places.items() if weight == NAMES else ():
                self._named.setdefault(head, []).append((field, starts))

    def find(self, typed: str) -> tuple[str, ...]:
        """The services that fit, best first; equal ones in the order of the packs. Nothing typed finds nothing."""
        words = folded(typed)[:LONGEST].split()
        query = "".join(words)
        if not query:
            return ()
        sound = spelled(query)
        ways: tuple[Callable[[], dict[int, Score]], ...] = (
            lambda: self._direct(query),
            lambda: self._all_of(words),
            lambda: self._direct(sound) if sound != query else {},
            lambda: self._without_verb(query),
            lambda: self._near(sound),
            lambda: self._pieces(query),
        )
        for way in ways:
            found = way()
            if found:
                return tuple(self._ids[number] for number in sorted(found, key=lambda n: (found[n], n)))
        return ()

    # -- one way each: scores by the number of the pack ----------------------------------------------------

    def _direct(self, query: str) -> dict[int, Score]:
        """As typed, from the beginning of a word or a character; each syllable may be shortened."""
        best: dict[int, Score] = {}
        if len(query) == 1:  # every start that is listed begins with it
            for field, at in self._first.get(query, ()):
                sign, sounds, _ = field.units[at]
                _better(best, field, at, 0 if query == sign or query in sounds else 1)
            return best
        for field, at in self._two.get(query[:2], ()):
            known = best.get(field.number)
            if known is not None and known <= (field.weight, 0, 1 if at else 0, field.size):
                continue  # it cannot get better by this one
            shortened = _reach(field.units, at, query, 0)
            if shortened is not None:
                _better(best, field, at, shortened)
        return best

    def _all_of(self, words: list[str]) -> dict[int, Score]:
        """Several words in any order: each is there."""
        if len(words) < 2:
            return {}
        each = [self._direct(word) for word in words]
        return {number: max(found[number] for found in each) for number in each[0] if all(number in f for f in each)}

    def _without_verb(self, query: str) -> dict[int, Score]:
        for verb in VERBS:
            for said in (verb, spelled(verb)):
                rest = query.removeprefix(said)
                if rest != query and len(rest) > 1 and (found := self._direct(rest)):
                    return found
        return {}

    def _near(self, query: str) -> dict[int, Score]:
        """One letter of the whole pinyin is wrong, missing, too many or exchanged; or one initial was left out."""
        best: dict[int, Score] = {}
        if len(query) < LEAST_NEAR or not query.isascii():
            return best
        first, second, seam = _halves(query)
        for field, starts in self._named.get(query[0], ()):
            sound, initials = field.sound, field.initials
            off = first in sound or second in sound or seam in sound
            out = first in initials or second in initials
            for at in starts if off or out else ():
                if (off and _one_off(query, sound, field.starts[at])) or (out and _one_left_out(query, initials, at)):
                    _better(best, field, at, 0)
        return best

    def _pieces(self, query: str) -> dict[int, Score]:
        """Two characters side by side; the more of them the better."""
        counts: dict[int, list[int]] = {}
        for at in range(len(query) - 1):
            piece = query[at : at + 2]
            if piece.isascii():
                continue
            for number, weight in {(field.number, field.weight) for field, _ in self._two.get(piece, ())}:
                counts.setdefault(number, []).append(weight)
        return {number: (-len(weights), sum(weights)) for number, weights in counts.items()}


def _better(best: dict[int, Score], field: _Field, at: int, shortened: int) -> None:
    score, known = (field.weight, shortened, 1 if at else 0, field.size), best.get(field.number)
    if known is None or score < known:
        best[field.number] = score


def _reach(units: tuple[Unit, ...], at: int, query: str, place: int) -> int | None:
    """How many syllables are shortened where these units say the rest of the query; None where they do not."""
    if place == len(query):
        return 0
    if at == len(units):
        return None
    sign, sounds, _ = units[at]
    if sign == query[place]:
        rest = _reach(units, at + 1, query, place + 1)
        if rest is not None:
            return rest
    for sound in sounds:
        length = 0
        while length < len(sound) and place + length < len(query) and sound[length] == query[place + length]:
            length += 1
        for taken in range(length, 0, -1):
            after = place + taken
            if after < len(query) and (at + 1 == len(units) or query[after] not in units[at + 1][2]):
                continue  # what most of them come to
            rest = _reach(units, at + 1, query, after)
            if rest is not None:
                return rest + (taken < len(sound))
    return None


def _halves(query: str) -> tuple[str, str, str]:
    """One of these stands in whatever is one letter off: the half without the mistake, or both with the letters beside
    their seam exchanged. Looking for them sorts out nearly every text at once."""
    half = len(query) // 2
    first, second = query[:half], query[half:]
    return first, second, first[:-1] + second[0] + first[-1] + second[1:]


def _one_off(query: str, sound: str, start: int) -> bool:
    """Whether the sound from ``start`` on begins with the query but for one letter, which is not the first."""
    same, most = 0, min(len(query), len(sound) - start)
    while same < most and query[same] == sound[start + same]:
        same += 1
    here, rest = start + same, query[same + 1 :]
    return (
        sound.startswith(rest, here + 1)  # another letter
        or sound.startswith(rest, here)  # one too many
        or sound.startswith(query[same:], here + 1)  # one missing
        or (query[same : same + 2][::-1] == sound[here : here + 2] and sound.startswith(query[same + 2 :], here + 2))
    )


def _one_left_out(query: str, initials: str, start: int) -> bool:
    """gtsh for 个体工商户."""
    same, most = 0, min(len(query), len(initials) - start)
    while same < most and query[same] == initials[start + same]:
        same += 1
    return initials.startswith(query[same:], start + same + 1)


_last: tuple[Mapping[str, ServicePack], Index] | None = None


def index(packs: Mapping[str, ServicePack]) -> Index:
    """The index of these packs. Built when first asked for, and kept for the same mapping."""
    global _last
    if _last is None or _last[0] is not packs:
        _last = (packs, Index(packs.values()))
    return _last[1]
