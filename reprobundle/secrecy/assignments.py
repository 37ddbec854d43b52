"""Passwords and tokens of no format of their own, known by the name they are given to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from reprobundle.secrecy import tuples
from reprobundle.secrecy.placeholders import is_drawn, is_placeholder, is_varied
from reprobundle.secrecy.words import places_of

NAME = "assigned-secret"
SHORTEST, LONGEST = 8, 4000
LONGEST_BARE = 300  # without quotes: only there each end is tried
JUDGED = 300  # characters of a value: whether these look drawn at random says it of the rest
LONGEST_KEY = 40
LOOKED_AHEAD = 60
LIST_SIGNS = (":", "=")
WRAPPERS = ("str", "secret", "string", "bytes", "encode", "quote", "quote_plus")  # calls that give what they are given
SHORTEST_TOKEN = 16  # what models and parsers call tokens is shorter
ANCHORS = (
    "passw",
    "passphrase",
    "pwd",
    "secret",
    "token",
    "apikey",
    "accesskey",
    "authkey",
    "credential",
    "_key",
    "-key",
)
FOREIGN = ("пароль",)
SPEAKS = re.compile("|".join(map(re.escape, ANCHORS)), re.IGNORECASE)
CODE = frozenset(
    [
        ".py",
        ".pyi",
        ".pyx",
        ".ipynb",
        ".js",
        ".ts",
        ".jsx",
        ".tsx",
        ".c",
        ".cc",
        ".cpp",
        ".h",
        ".hpp",
        ".cu",
        ".java",
        ".go",
        ".rs",
        ".rb",
        ".r",
        ".jl",
        ".swift",
        ".kt",
        ".scala",
        ".lua",
        ".m",
        ".php",
        ".md",
        ".rst",
        ".tex",
        ".html",
        ".css",
    ]
)  # where a value without quotes may be a name

_QUOTE = r"\\{0,3}[\"'`]"
LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-"
_KEY = re.compile(r"[\w.\-]{1,100}")
_BEFORE = rf"(?:{_QUOTE})?[\]\)]?"
_GIVEN = re.compile(_BEFORE + r"\s{0,40}(?::=|=>|={1,2}|:)\s{0,40}")
_TYPED = re.compile(_BEFORE + r"\s{0,8}:\s{0,4}[A-Za-z_][\w.\[\] |]{0,40}=\s{0,40}")  # password: Final[str] = …
_ARGUMENT = re.compile(rf"{_QUOTE}\s{{0,4}},\s{{0,4}}")  # os.environ.setdefault("API_KEY", "…")
_BESIDE = re.compile(  # {"name": "DB_PASSWORD", "value": "…"}
    rf"(?:{_QUOTE})?[\s,]{{1,20}}(?:{_QUOTE})?value(?:{_QUOTE})?\s{{0,4}}[:=]\s{{0,4}}", re.IGNORECASE
)
_OPTION = re.compile(rf"[ \t]{{1,4}}|{_QUOTE},\s{{0,12}}")  # --password …
_QUOTED = re.compile(
    r"(?:(?P<call>[\w.]{1,40})\(\s{0,8})?"  # SecretStr("…")
    rf"[rbufRBUF@]?\\{{0,3}}(?P<quote>[\"'`])(?P<value>[^\"'`\s\\]{{{SHORTEST},{LONGEST}}})\\{{0,3}}(?P=quote)"
)
_PLAIN = rf"(?P<value>[^\s\"'`,;(){{}}\[\]<>\\]{{{SHORTEST},{LONGEST_BARE}}})(?=[\s,;\\\"'}}\])]|$)"
_BARE = re.compile(r"(?:&\w{1,20}\s)?" + _PLAIN)
_BLOCK = re.compile(r"(?:[|>][+-]?\d?|\"\"\")[ \t]{0,8}\r?\n[ \t]{0,40}" + _PLAIN)
_ELEMENT = re.compile(rf">(?P<value>[^<>\s]{{{SHORTEST},{LONGEST}}})</")
_SETTER = re.compile(r"(?:\bset\w{0,20}|putenv)\([^()\n]{1,80}$")  # config.set("db", "password", "…")
_OTHERWISE = re.compile(  # os.environ.get("PASSWORD") or "…", os.getenv("PASSWORD", "…")
    _GIVEN.pattern
    + r"[^\n#;]{1,100}?(?:\b(?:or|else)[ \t]{1,4}|(?:\?\?|\|\|)[ \t]{0,4}|get(?:env)?\([\"'][\w.\-]{1,60}[\"'],[ \t]{0,4})"
)
_DEFAULT = re.compile(rf"{_QUOTE}\s{{0,4}},[^()]{{0,200}}?\bdefault\s?=\s?")  # add_argument("--api-key", default="…")
_FIELD = re.compile(_TYPED.pattern + r"(?:\w{1,30}\.)?[Ff]ield\(\s{0,8}(?:default\s?=\s?)?")  # of a data class
_OPENED = re.compile(_BEFORE + r"\s{0,40}[:=]\s{0,40}[\[(]\s{0,80}")
_NEXT = re.compile(r"\s{0,40},\s{0,80}")
_DASHES = re.compile(_BEFORE + r":[ \t]{0,8}\r?\n(?=[ \t]{0,40}- )")
_DASHED = re.compile(rf"[ \t]{{0,40}}-[ \t]{{1,8}}[\"']?{_PLAIN}[\"']?[ \t]{{0,8}}(?:\r?\n|$)")
_OF_TEXTS = re.compile(r"(?:^|[^a-z])tokens?$", re.IGNORECASE)  # a list of them is a text
_NUMBER = re.compile(r"[0-9a-f]{32}")
MOST_LISTED = 100
LEAST_ROWS = 5  # with a token of their own each
_SIGNS = frozenset(":=,>")
_ENVIRONMENT = re.compile(r"[A-Z][A-Z0-9_]*")
_RANDOM_KEY = re.compile(r"[_-]key$", re.IGNORECASE)  # any name may end so: the value must look drawn
_NO_SECRET = re.compile(  # the key names something about secrets, or a token of a text
    r"tokeni[sz]|token_?type|token_?id|_token_(?:count|limit|length|size|index|idx)|(?:max|min|num|n|total|new|special|added|"
    r"bos|eos|pad|unk|sep|cls|mask|image|video|audio|boi|eoi|start|end|stop|prefix|suffix|middle|extra|next|prompt|csrf_?cookie|"
    r"visible|per|decoder_start|forced_bos|class|think|tool|word|sub)_?tokens?(?![a-z])|tokens?_?per|"
    r"(?:next_?page|page|continuation|instance|speaker|trigger|class|concept|placeholder|csrf\w{0,10}|xsrf|sample|scene|dataset|sensor|"
    r"frame|log|map|category|attribute|visibility|ego_pose|calibrated_sensor|annotation)[_-]?token$|"
    r"(?:data|cache|etag|sort|rng|prng|state_dict|state|index|primary|foreign|group|partition|dict|map|column|row)[_-]key$|"
    r"(?:name|names|ref|path|file|files|dir|uri|url|endpoint|type|class|field|arn|version|policy|length|len|min|max|"
    r"mode|format|regex|pattern|hint|prompt|label|provider|manager|store|backend|scanner|detector|rotation|expiry|ttl|header|"
    r"commit|sha|rev|revision|model|embedder|embedding|embeddings|encoder|classifier|classification|bucket|address|sort|"
    r"algorithm|alg|encryption|hash|digest|env|var|count|enabled|required|index|column|id)s?$",
    re.IGNORECASE,
)
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_NO_VALUE = re.compile(
    r"(?:\w+://|/|\./|\.\./|~/|[A-Za-z]:\\)|"  # an address or a path
    r"(?:[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+)$|"  # a dotted name
    r"v?\d+(?:\.\d+)+\S{0,12}$|"  # a version
    r"\d{4}-\d\d-\d\d|"  # a date
    r"(?:[A-Za-z]+[_-])+[A-Za-z]*\d{0,3}$|"  # words, at most with a number
    r"(?:sha256|sha512|sha1|md5|xxh3)[:-]|"  # a digest
    r"[a-z][\w.-]*/[A-Za-z][\w.-]*$|projects/|"  # a model, or a resource
    r"[^,]{1,12}(?:,[^,]{1,12}){3,}$|"  # a list
    r"secrets?[./:]|vault[:/]|env[:.]|ssm:|op://|arn:|"  # where the secret is kept
    r"[)\]][\[(.,;]|"  # what stands between two literals of a program
    r"os\.|self\.|process\.|getenv|\w+\(|"
    r"[0-9.eE+-]+$",  # a number
    re.IGNORECASE,
)


def assigned(text: str, lowered: str, *, code: bool) -> Iterator[tuple[int, int]]:
    """Where values begin and end that are given to a name such as ``password`` and look like no example.

    Args:
        text: Where to look.
        lowered: The same in lower case.
        code: Whether a value without quotes is a name, as in a programming language.
    """
    numbers: dict[str, tuple[int, int]] = {}
    for start, end in _keys(lowered):
        found = _value(text, start, end, code=code)
        for one in _listed(text, start, end) if found is None else (found,):
            if not is_secret_value(text[start:end], one["value"]):
                continue
            if is_row_number(text[start:end], one["value"]):
                numbers[one["value"]] = one.span("value")
            else:
                yield one.span("value")
    if len(numbers) < LEAST_ROWS:
        yield from numbers.values()


def is_row_number(key: str, value: str) -> bool:
    """Whether a value may be what data sets call a row's token; a single one is more likely a secret."""
    return key.lower() == "token" and _NUMBER.fullmatch(value) is not None


def _listed(text: str, start: int, end: int) -> Iterator[re.Match[str]]:
    """The values in a list that a name is given: ``API_KEYS = ["…", "…"]``, or line by line in YAML."""
    if text[end : end + LOOKED_AHEAD].lstrip(" \t\\\"'`])")[:1] not in LIST_SIGNS or _OF_TEXTS.search(text, start, end):
        return
    opened = _OPENED.match(text, end)
    begun = opened or _DASHES.match(text, end)
    item = _QUOTED if opened else _DASHED
    found = begun and item.match(text, begun.end())
    for _ in range(MOST_LISTED):
        if not found or _is_computed(found):
            return
        yield found
        further = _NEXT.match(text, found.end()) if opened else found
        found = further and item.match(text, further.end())


def _value(text: str, start: int, end: int, *, code: bool) -> re.Match[str] | None:
    """What a name is given, where it is given something."""
    among = tuples.place_of(text, start, end)
    if among is not None:
        found = _QUOTED.match(text, among)
        if found is not None:  # else it is an argument after others: connect(host, password="…", port=1)
            return None if _is_computed(found) else found
    after = text[end : end + LOOKED_AHEAD].lstrip(" \t\r\n\\\"'`])")
    before, name = text[max(start - 5, 0) : start], text[start:end]
    if before.endswith(":"):  # the name of a type, as in A::Secret
        return None
    if name.startswith("--"):
        found = _after(_OPTION, text, end)
        if found is not None and is_drawn(found["value"]):
            return found
    if after[:1] not in _SIGNS and not after.startswith("value"):
        return None
    if before.endswith("<"):
        return _ELEMENT.match(text, end)
    if before.rstrip("\"'\\").endswith("(") or (
        before.endswith(("'", '"')) and _SETTER.search(text, max(start - 100, 0), start)
    ):
        return next(filter(None, (_quoted(one, text, end) for one in (_ARGUMENT, _DEFAULT, _TYPED, _GIVEN))), None)
    return _given(text, start, end, code=code) or _quoted(_OTHERWISE, text, end)


def _given(text: str, start: int, end: int, *, code: bool) -> re.Match[str] | None:
    """What follows a name and a sign; in code a value without quotes only where a shell has it, or where it looks drawn."""
    found = _quoted(_TYPED, text, end) or _quoted(_FIELD, text, end) or _quoted(_GIVEN, text, end)
    begun = None if found else _GIVEN.match(text, end)
    if begun is None:
        return found or _after(_BESIDE, text, end)
    found = _BLOCK.match(text, begun.end()) or _BARE.match(text, begun.end())
    if found is None or not code or is_drawn(found["value"]):
        return found
    return found if begun[0] == "=" and _ENVIRONMENT.fullmatch(text, start, end) else None


def _quoted(opening: re.Pattern[str], text: str, place: int) -> re.Match[str] | None:
    begun = opening.match(text, place)
    found = None if begun is None else _QUOTED.match(text, begun.end())
    return None if found is None or _is_computed(found) else found


def _is_computed(found: re.Match[str]) -> bool:
    """Whether a literal is handed to a call that gives something else."""
    call = found.groupdict().get("call")
    return bool(call) and not str(call).lower().endswith(WRAPPERS)


def _after(opening: re.Pattern[str], text: str, place: int) -> re.Match[str] | None:
    begun = opening.match(text, place)
    return _quoted(opening, text, place) or (begun and _BARE.match(text, begun.end()))


def _keys(lowered: str) -> Iterator[tuple[int, int]]:
    """Where names begin and end that speak of secrets, each once, in order."""
    reached = 0
    for place in places_of(lowered, ANCHORS if lowered.isascii() else (*ANCHORS, *FOREIGN)):
        if place < reached:
            continue
        before = lowered[max(reached, place - LONGEST_KEY) : place]
        start = place - len(before) + len(before.rstrip(LETTERS))
        if start and lowered[start - 1] == "\\" and lowered[start] in "nrt" and start < place:
            start += 1  # the end of a line, as JSON writes it
        found = _KEY.match(lowered, place)
        assert found is not None  # an anchor is made of such letters
        reached = found.end()
        yield start, reached


@lru_cache(maxsize=4096)
def _names_no_secret(key: str) -> bool:
    return _NO_SECRET.search(key) is not None


def is_secret_value(key: str, value: str) -> bool:
    """Whether a value given to a key looks like a password or token.

    Args:
        key: The name it is given to, which speaks of secrets.
        value: At least eight characters.
    """
    value = value[:JUDGED]
    if _names_no_secret(key) or _NO_VALUE.match(value) or is_placeholder(value):
        return False
    if re.search("token", key, re.IGNORECASE) and (len(value) < SHORTEST_TOKEN or not is_drawn(value)):
        return False  # a token of a text
    if _RANDOM_KEY.search(key) and not re.search("api|access|auth|private|secret", key, re.IGNORECASE):
        return len(value) >= SHORTEST_TOKEN and is_drawn(value)
    if _UUID.fullmatch(value) and not re.search("api_?key|passw|pwd", key, re.IGNORECASE):
        return False  # of a run, or a request
    letters, digits = re.search("[A-Za-z]", value), re.search("[0-9]", value)
    signs = re.search(r"[!@#$%^&*?~+=]", value)
    passwords = re.search("passw|pwd|passphrase", key, re.IGNORECASE)
    mixed = letters and (digits or (signs and passwords))
    return bool(mixed) and is_varied(value)
