"""Which lines announce a section: a label that fills a short line, or a cue in a sentence that a list follows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from crawler.extract.dom import Line
from crawler.extract.language import Language, Spoken
from crawler.extract.lexicon import Pattern
from crawler.extract.literals import quickened
from crawler.extract.vocabulary import vocabulary

#: a label is short; a line that leads into a list by a cue may be a sentence
LABEL_CHARS = 90
#: shorter still when nothing sets it off: no heading, no bold, no colon
_PLAIN_LABEL_CHARS = 40
_LOOSE_CHARS = 70
#: words of a heading that ends in a full stop
_STOPPED_WORDS = 6
#: a line that leads into a list may be a sentence
LEAD_CHARS = 160
_PAYER_CHARS = 400
#: no list is announced in a line longer than this
MAX_LABEL_LINE = 3000

#: roles that a heading may name
_LABELLED = ("member", "goal", "sponsor")
#: what a wiki puts behind its headings
_EDIT_LINK = re.compile(r"\s*\[[^\]]{1,40}\]$")
_INLINE = ("member", "sponsor")
_INLINE_LABEL = re.compile(r"([^:,.;]{3,50}):\s+(?=\S)")
#: in a label or a heading in two languages: "Unterstützt von / Supported by"
BOTH = re.compile(r"\s+[/|]\s+")
#: an entry of a list that is typed with signs, unless the sign stands behind it too
_ENTRY = re.compile(r"[*•·▪►▸‣]\s*\w.*[\w)]$")
_TRIM = re.compile(r"^(?:[^\w§]|_)+|[\W_]+$")
#: "§ 2", "Article II.": before what heads a paragraph of statutes
_CLAUSE_SIGN = r"(?:§+|(?:{})(?=[\s\d]))\s*(?:\d{{1,2}}[a-z]?|[ivx]{{1,4}})\b\s*[.:)–—-]*\s*"
#: "Who we are: our members"
_LEAD_IN = r"(?:[^:–—]{2,30}(?:: | [–—-] ))?"


@dataclass(frozen=True, slots=True)
class Label:
    """A line that announces a section, or the part of it that does."""

    role: str
    line: Line
    #: the language of its cue; None for a label and for what the profile adds
    language: Language | None
    #: where in the line the announcement begins and ends; behind it may stand a list in running text
    start: int
    end: int
    rule: str

    @property
    def rest(self) -> str:
        """What stands behind it in its own line; nothing when that leads on to the lines below."""
        if self.line.text.endswith(":"):
            return ""
        return self.line.text[self.end :].strip(" :–-.…")


def label_of(line: Line, role: str, spoken: Sequence[Spoken], extra: Sequence[str] = ()) -> Label | None:
    """The announcement of that role which the line makes. *spoken* is what of each language stands on the page;
    *extra* are labels that the profile adds."""
    text = _EDIT_LINK.sub("", line.text)
    for added in extra:
        at = text.casefold().find(added.casefold())
        if at >= 0 and (len(text) <= LABEL_CHARS or text[at + len(added) :].lstrip().startswith(":")):
            return Label(role, line, None, at, at + len(added), "profile-label")
    if spoken and (_may_hold_list(text) or (role == "sponsor" and _tells_who_pays(text))):
        lowered = text.lower()
        for language, stems in spoken:
            cue = (language.cues if text.endswith(":") else language.inner_cues).get(role)
            if cue is None or not any(stem in lowered for stem in stems):
                continue
            if (found := cue.search(text)) and not _refused(role, text[found.start() : found.end()]):
                return Label(role, line, language, found.start(), found.end(), "cue")
    short = short_pattern(role)
    if short is not None and role in _INLINE and ": " in text and (found := _INLINE_LABEL.match(text)):
        # "Partners: Fonds Noord, Stichting Lamp": a label, and its list in the same line.
        told = found[1].strip()
        if short.search(_TRIM.sub("", told)) and not _refused(role, told) and "," in text[found.end() :]:
            return Label(role, line, None, 0, found.end(), "inline-label")
    # "Our members." may be a heading in print that is set large; a longer one is a sentence.
    stopped = text.endswith(",") or (text.endswith(".") and not (line.level and len(text.split()) <= _STOPPED_WORDS))
    if short is None or len(text) > LABEL_CHARS or stopped:
        return None
    if line.level == 0 and _ENTRY.match(text):
        return None
    if text.endswith("?") and (role == "sponsor" or not (line.level or line.strong)):
        return None
    if announces := line.level or line.strong or text.endswith(":"):
        said = [text]
    else:
        # Of a label in two languages each is as short as one alone.
        said = BOTH.split(text) if " / " in text or " | " in text else [text]
        announces = all(len(each) <= _PLAIN_LABEL_CHARS for each in said)
    if announces and all(short.search(_TRIM.sub("", each)) for each in said) and not _refused(role, text):
        numbered = role == "goal" and _number().match(_TRIM.sub("", text)) is not None
        return Label(role, line, None, 0, len(text), "numbered-label" if numbered else "label")
    return None


def loose_label(line: Line, role: str) -> Label | None:
    """A heading that may announce the role: a word of it stands there, in whatever phrase."""
    text = line.text
    set_off = line.level or line.strong or text.endswith(":")
    if not set_off or len(text) > _LOOSE_CHARS or text.endswith(("!", "...", "…")):
        return None
    words = vocabulary()
    if words.loose[role].search(text) is None or _is_of_other(role, text):
        return None
    return Label(role, line, None, 0, len(text), "loose-label")


def lead_label(line: Line) -> Label | None:
    """A line that leads into a list of bodies that belong together: "Five organisations work in the alliance:"."""
    text = line.text
    if not text.endswith(":") or len(text) > LEAD_CHARS or vocabulary().leads.search(text) is None:
        return None
    sponsors = (short_pattern("sponsor"), vocabulary().loose["sponsor"])
    if _refused("member", text) or any(language.prose.example.search(text) for language in vocabulary().languages):
        return None
    if any(pattern and pattern.search(text) for pattern in sponsors):
        return None
    return Label("member", line, None, 0, len(text), "lead-label")


def is_sure(label: Label) -> bool:
    """Whether the words say that somebody supports somebody; "partner" may mean anything."""
    text = label.line.text.casefold()
    if label.language is not None or label.rule == "profile-label":
        return True
    return not any(word in text for word in vocabulary().phrases.vague)


def leads_elsewhere(label: Label) -> bool:
    """Whether the label is a link to what it announces, and no heading that says who supports somebody."""
    line = label.line
    linked = line.is_linked and all(part.element.link is not None for part in line.parts)
    return linked and (line.level == 0 or not is_sure(label))


def is_called(role: str, text: str) -> bool:
    """Whether a text, short as a heading, is what pages are called that hold the role: "Our members"."""
    short, words = short_pattern(role), vocabulary()
    called = (short is not None and short.search(_TRIM.sub("", text)) is not None) or words.called[role].search(text)
    return bool(called) and not _is_of_other(role, text)


def _is_of_other(role: str, text: str) -> bool:
    words = vocabulary()
    told_of = role == "member" and words.not_loose.search(text) is not None
    return told_of or words.other.match(text) is not None or _refused(role, text)


def _tells_who_pays(text: str) -> bool:
    return len(text) <= _PAYER_CHARS and vocabulary().payers.search(text) is not None


def _may_hold_list(text: str) -> bool:
    return (
        text.endswith((":", "…", *vocabulary().phrases.that))
        or ":" in text
        or "," in text
        or ";" in text
        or len(text) <= LABEL_CHARS
    )


@lru_cache(maxsize=1024)
def refuses(role: str, text: str) -> bool:
    """Whether a heading names what is near to the role and not it: "Former members", "Become a sponsor"."""
    if role not in _LABELLED or len(text) > LABEL_CHARS:
        return False
    return _words_of(role).search(text) is not None and _refused(role, text)


@cache
def _words_of(role: str) -> Pattern:
    labels = [language.labels[role] for language in vocabulary().languages if role in language.labels]
    return quickened(rf"(?<![\w-])(?:{'|'.join(labels)})(?![\w-])")


def _refused(role: str, text: str) -> bool:
    if role == "sponsor" and vocabulary().names.to_come.search(text) is not None:
        # "Partner wall coming soon"
        return True
    return any(
        language.not_labels[role].search(text) for language in vocabulary().languages if role in language.not_labels
    )


def label_patterns() -> Iterator[Pattern]:
    """What lines are asked for, to find labels in them, and what labels mean."""
    words = vocabulary()
    yield from (*words.loose.values(), words.sponsors.project, words.sponsors.thanks)
    for language in words.languages:
        yield from language.cues.values()
    yield from (short for role in words.labelled if (short := short_pattern(role)) is not None)


@cache
def short_pattern(role: str) -> Pattern | None:
    """What a short line of this role is made of, in any language."""
    words = vocabulary()
    labels = [language.labels[role] for language in words.languages if role in language.labels]
    if not labels:
        return None
    any_label = "|".join(labels)
    if role == "sponsor":
        # "Bedrijven en sponsoring", "Esteemed Sponsors": what follows must be logos, so the word may stand anywhere
        return quickened(rf"(?<![\w-])(?:{any_label})(?![\w-])")
    tail = rf"(?:\s*(?:[-–—|/:&+,(]|\b(?:{words.phrases.tails}|a ?[-–] ?z)\b)\s*.{{0,60}})?"
    if role == "goal":
        # "1. Our five main goals", "§ 2 Purpose": a paragraph of statutes may be called by less than another heading.
        numbered = _number().pattern
        qualified = rf"(?:(?:{words.determiners}|{words.qualifiers})\s+)*"
        before = rf"{qualified}(?:(?<=\w )(?:\d{{1,2}}|{words.numbers})\s+{qualified})?"
        phrase = rf"{before}(?:{any_label})(?:\s+(?:{words.qualifiers}))*"
        clause = rf"{_CLAUSE_SIGN.format(words.clause_names)}(?:(?:{words.determiners})\s+)*(?:{words.clauses})"
        # "Our goals for the valley": other words behind that are of anybody's.
        ours = rf"(?:{words.ours})\s+{phrase}\s+(?:{words.aimed})\s.{{2,50}}"
        return re.compile(rf"^(?:(?:{_LEAD_IN}(?:{numbered})?{phrase}|{clause}){tail}|{ours})$", re.IGNORECASE)
    return re.compile(rf"^{_LEAD_IN}(?:(?:{words.determiners})\s+)*(?:{any_label}){tail}$", re.IGNORECASE)


@cache
def _number() -> Pattern:
    """What counts a heading among those of a text: "2.", "2.1", "§ 2"."""
    sign = _CLAUSE_SIGN.format(vocabulary().clause_names)
    return re.compile(rf"(?:{sign}|\d{{1,2}}[.:)]\s*|\d{{1,2}}(?:\.\d{{1,2}})+\.?\s+)", re.IGNORECASE)
