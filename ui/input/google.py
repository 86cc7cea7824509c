"""libgooglepinyin (Apache-2.0) through ctypes: 0.1 to 0.4 ms a key, 1.2 MB.

The user dictionary's name is empty, so the library opens none and learns nothing; no file is written.
"""

from __future__ import annotations

import ctypes
import json
from functools import cache
from pathlib import Path

from ui.input.pinyin import MAX_LETTERS, EngineUnavailable

LIBRARY = "libgooglepinyin.so.0"
DICTIONARIES = (
    Path("/usr/lib/x86_64-linux-gnu/googlepinyin/data/dict_pinyin.dat"),
    Path("/usr/lib/aarch64-linux-gnu/googlepinyin/data/dict_pinyin.dat"),
    Path("/usr/lib/googlepinyin/data/dict_pinyin.dat"),
)
PHRASES = Path(__file__).with_name("phrases.json")
LONGEST = 63  # UTF-16 units of a candidate


@cache
def _library() -> ctypes.CDLL:
    """The library with its dictionary open: once per process, for its state is global."""
    dictionary = next((path for path in DICTIONARIES if path.is_file()), None)
    if dictionary is None:
        raise EngineUnavailable("no dict_pinyin.dat found; install libgooglepinyin0")
    try:
        library = ctypes.CDLL(LIBRARY)
    except OSError as error:
        raise EngineUnavailable(f"{LIBRARY} cannot be loaded; install libgooglepinyin0") from error
    library.im_open_decoder.argtypes = [ctypes.c_char_p, ctypes.c_char_p]
    library.im_open_decoder.restype = ctypes.c_bool
    library.im_search.argtypes = [ctypes.c_char_p, ctypes.c_size_t]
    library.im_search.restype = ctypes.c_size_t
    library.im_get_candidate.argtypes = [ctypes.c_size_t, ctypes.c_void_p, ctypes.c_size_t]
    library.im_get_candidate.restype = ctypes.c_void_p
    library.im_choose.argtypes = [ctypes.c_size_t]
    library.im_choose.restype = ctypes.c_size_t
    library.im_cancel_last_choice.restype = ctypes.c_size_t
    library.im_get_fixed_len.restype = ctypes.c_size_t
    library.im_get_sps_str.argtypes = [ctypes.POINTER(ctypes.c_size_t)]
    library.im_get_sps_str.restype = ctypes.c_char_p
    library.im_get_spl_start_pos.argtypes = [ctypes.POINTER(ctypes.POINTER(ctypes.c_uint16))]
    library.im_get_spl_start_pos.restype = ctypes.c_size_t
    if not library.im_open_decoder(bytes(dictionary), b""):
        raise EngineUnavailable(f"{dictionary} cannot be read")
    return library


@cache
def _phrases() -> dict[str, list[str]]:
    phrases: dict[str, list[str]] = json.loads(PHRASES.read_text("utf-8"))["phrases"]
    return phrases


class GooglePinyin:
    """One composition at a time."""

    def __init__(self) -> None:
        self._lib = _library()
        self._letters = ""
        self._total = 0
        self._shown: list[tuple[str, int]] = []  # text, index in the library or -1 for a phrase of ours
        self.clear()

    @property
    def letters(self) -> str:
        return self._letters

    @property
    def composition(self) -> str:
        if not self._letters:
            return ""
        fixed = int(self._lib.im_get_fixed_len())
        starts = self._starts()
        decoded = starts[-1]
        syllables = [self._letters[a:b] for a, b in zip(starts[fixed:], starts[fixed + 1 :], strict=False)]
        pinyin = "'".join(s.strip("'") for s in syllables) + self._letters[decoded:]
        return (self._candidate(0)[:fixed] if fixed else "") + pinyin

    def type(self, letter: str) -> None:
        if len(self._letters) < MAX_LETTERS:
            self._search(self._letters + letter)

    def erase(self) -> None:
        if int(self._lib.im_get_fixed_len()):
            self._total = int(self._lib.im_cancel_last_choice())
        else:
            self._search(self._letters[:-1])

    def candidates(self, count: int) -> tuple[str, ...]:
        if not self._letters:
            return ()
        shown: dict[str, int] = {}
        fixed = int(self._lib.im_get_fixed_len())
        if fixed == 0:
            shown = dict.fromkeys(_phrases().get(self._letters.replace("'", ""), ()), -1)
        for index in range(min(self._total, count)):
            text = self._candidate(index)
            if text:
                shown.setdefault(text[fixed:] if index == 0 else text, index)
        self._shown = list(shown.items())[:count]
        return tuple(text for text, _ in self._shown)

    def choose(self, index: int) -> str:
        if not 0 <= index < len(self._shown):
            return ""
        text, number = self._shown[index]
        if number < 0:
            self.clear()
            return text
        self._total = int(self._lib.im_choose(number))
        starts = self._starts()
        if int(self._lib.im_get_fixed_len()) < len(starts) - 1:
            return ""
        text, rest = self._candidate(0), self._letters[starts[-1] :]
        self.clear()
        for letter in rest:
            self.type(letter)
        return text

    def clear(self) -> None:
        self._search("")
        self._lib.im_reset_search()

    def _search(self, letters: str) -> None:
        self._letters = letters
        self._shown = []
        raw = letters.encode("ascii")
        if raw:
            self._total = int(self._lib.im_search(raw, len(raw)))
        else:
            self._total = 0
            self._lib.im_reset_search()

    def _starts(self) -> list[int]:
        places = ctypes.POINTER(ctypes.c_uint16)()
        count = int(self._lib.im_get_spl_start_pos(ctypes.byref(places)))
        return [int(places[i]) for i in range(count + 1)]

    def _candidate(self, index: int) -> str:
        buffer = ctypes.create_string_buffer(2 * (LONGEST + 1))
        if not self._lib.im_get_candidate(index, buffer, LONGEST):
            return ""
        return buffer.raw.decode("utf-16-le", "ignore").split("\0", 1)[0]
