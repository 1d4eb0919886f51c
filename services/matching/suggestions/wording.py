"""What suggestions say, in English and Welsh. Whoever changes one language changes the other."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import date
from typing import Any

from chassis.convert import spelt
from services.matching.suggestions.scoring import Term

Values = Mapping[str, Any]

FORMATS = {
    "SECONDMENT": ("a secondment", "secondiad"),
    "WORK_SHADOWING": ("work shadowing", "cysgodi gwaith"),
    "BUDDYING": ("buddying", "cyfeillio"),
    "DISCUSSION_GROUP": ("a discussion group", "grŵp trafod"),
    "PARTNER_SEARCH": ("a partner search", "chwilio am bartner"),
    "MENTORING": ("mentoring", "mentora"),
    "COACHING": ("coaching", "hyfforddi"),
    "FACILITATION": ("facilitation", "hwyluso"),
    "SWAP": ("a swap", "cyfnewid"),
    "LEADERSHIP_EXCHANGE": ("a leadership exchange", "cyfnewid arweinwyr"),
    "STAFF_LOAN": ("a staff loan", "benthyg staff"),
    "SHARED_WORKSPACE": ("a shared workspace", "gofod gwaith ar y cyd"),
    "TROUBLESHOOTING": ("troubleshooting", "datrys problemau"),
}
GRADES = {
    "FRONT_LINE": ("front-line staff", "staff rheng flaen"),
    "OFFICER": ("officers", "swyddogion"),
    "MIDDLE": ("team leaders", "arweinwyr tîm"),
    "SENIOR": ("heads of service", "penaethiaid gwasanaeth"),
    "EXECUTIVE": ("executives", "uwch weithredwyr"),
    "ELECTED_MEMBER": ("elected Members and trustees", "Aelodau etholedig ac ymddiriedolwyr"),
}
RULES = {
    "SAME_ORGANISATION": (
        "It is of the same organisation",
        "Mae’n perthyn i’r un sefydliad",
    ),
    "SAME_GROUP": (
        "Both organisations belong to the same group",
        "Mae’r ddau sefydliad yn perthyn i’r un grŵp",
    ),
    "PAST_PARTNER": (
        "The organisations are partners already, and one notice is for new partners only",
        "Mae’r sefydliadau’n bartneriaid eisoes, ac mae un hysbysiad ar gyfer partneriaid newydd yn unig",
    ),
    "VETTING_MISSING": (
        "It asks for a fuller check than who would come has",
        "Mae’n gofyn am wiriad llawnach na’r un sydd gan yr un a fyddai’n dod",
    ),
    "NO_PLACE_LEFT": (
        "All places are given",
        "Mae pob lle wedi’i roi",
    ),
    "NOBODY_TO_ENDORSE": (
        "One of the organisations has no manager at the moment who could endorse it",
        "Nid oes gan un o’r sefydliadau reolwr ar hyn o bryd a allai ei gymeradwyo",
    ),
    "DATES_DO_NOT_MEET": (
        "One ends before the other begins",
        "Mae un yn dod i ben cyn i’r llall ddechrau",
    ),
    "GRADE_GAP": (
        "The grades are more than one step apart",
        "Mae mwy nag un cam rhwng y graddau",
    ),
    "TOO_FAR": (
        "It is further away than they would travel",
        "Mae’n bellach nag y byddent yn teithio",
    ),
    "REGION_NOT_HEARD": (
        "Its region was not heard for more than three days, so it may not be true any more",
        "Ni chlywyd gan ei rhanbarth ers dros dridiau, felly efallai nad yw’n wir mwyach",
    ),
    "DISMISSED": (
        "Your organisation said that it is not wanted",
        "Dywedodd eich sefydliad nad oes ei eisiau",
    ),
    "ORGANISATION_BLOCKED": (
        "Your organisation wants nothing suggested from this one",
        "Nid yw eich sefydliad am gael awgrymiadau gan y sefydliad hwn",
    ),
}


class Wording:
    """Sentences in one language: "cy" for Welsh, anything else for English."""

    def __init__(self, language: str, label: Callable[[str], str]) -> None:
        self._welsh = language == "cy"
        self._label = label

    def pick(self, pair: tuple[str, str]) -> str:
        return pair[self._welsh]

    def term(self, term: Term) -> str:
        """Why this term adds what it adds."""
        return _TERMS[term.code](self, term.values)

    def rule(self, code: str) -> str:
        return self.pick(RULES[code])

    def skill(self, skill: str) -> str:
        return self._label(skill)

    def listed(self, words: Collection[str]) -> str:
        plain = sorted(words)
        if len(plain) < 2:
            return "".join(plain)
        joint = self.pick((" and ", " a "))
        return joint.join([", ".join(plain[:-1]), plain[-1]])

    def day(self, day: date) -> str:
        return spelt(day, "cy" if self._welsh else "en")

    def change(self, code: str, subject: str) -> str:
        """What would make it better."""
        texts = {
            "REMOTE": (
                "It would fit better if it could be done remotely",
                "Byddai’n gweddu’n well pe bai modd ei wneud o bell",
            ),
            "DATES": (
                "It would fit better if both named dates that meet",
                "Byddai’n gweddu’n well pe bai’r ddau’n enwi dyddiadau sy’n cyd-fynd",
            ),
            "LEVEL": (
                f"It would fit better if both meant the same level of {subject}",
                f"Byddai’n gweddu’n well pe bai’r ddau’n golygu’r un lefel o {subject}",
            ),
            "SKILL": (
                f"It would fit better if it were about {subject}, too",
                f"Byddai’n gweddu’n well pe bai’n ymwneud â {subject} hefyd",
            ),
        }
        return self.pick(texts[code])


def _skills(wording: Wording, values: Values) -> str:
    names = wording.listed({_at_level(wording, each, values) for each in values["skills"]})
    return wording.pick((f"Both name {names}", f"Mae’r ddau’n enwi {names}"))


def _at_level(wording: Wording, skill: str, values: Values) -> str:
    """With both levels where what is given falls short."""
    if skill not in values["short"]:
        return wording.skill(skill)
    asked, given = values["short"][skill]
    levels = wording.pick(
        (f"level {given} where {asked} is asked for", f"lefel {given} lle gofynnir am {asked}")
    )
    return f"{wording.skill(skill)} ({levels})"


def _related(wording: Wording, values: Values) -> str:
    some = sorted(values["skills"].items())
    own, other = (wording.skill(each) for each in some[0])
    return wording.pick((f"{own} is near to {other}", f"Mae {own} yn agos at {other}"))


def _themes(wording: Wording, values: Values) -> str:
    names = wording.listed({each.replace("-", " ") for each in values["themes"]})
    return wording.pick((f"Both are about {names}", f"Mae’r ddau’n ymwneud â {names}"))


def _text(wording: Wording, _: Values) -> str:
    return wording.pick(("Their texts say similar things", "Mae eu testunau’n dweud pethau tebyg"))


def _format(wording: Wording, values: Values) -> str:
    name = wording.pick(FORMATS.get(values["format"], ("", "")))
    return wording.pick((f"Both are for {name}", f"Mae’r ddau ar gyfer {name}"))


def _dates(wording: Wording, values: Values) -> str:
    if not values["both_say"]:
        return wording.pick(("Dates are open", "Mae’r dyddiadau’n agored"))
    return wording.pick(("Their dates fit", "Mae eu dyddiadau’n cyd-fynd")) + _span(wording, values)


def _span(wording: Wording, values: Values) -> str:
    first, last = values["first"], values["last"]
    if first and last:
        return wording.pick((": {} to {}", ": {} hyd {}")).format(
            wording.day(first), wording.day(last)
        )
    if first:
        return wording.pick((": from {}", ": o {}")).format(wording.day(first))
    return wording.pick((": until {}", ": tan {}")).format(wording.day(last)) if last else ""


def _near(wording: Wording, values: Values) -> str:
    if values.get("remote"):
        return wording.pick(("It can be done remotely", "Gellir ei wneud o bell"))
    one, other = values["places"]
    if one == other:
        return wording.pick((f"Both are in {one}", f"Mae’r ddau yn {one}"))
    away = max(round(values["miles"]), 1)
    if not one or not other:
        return wording.pick((f"It is {away} miles away", f"Mae {away} milltir i ffwrdd"))
    return wording.pick(
        (f"{one} and {other} are {away} miles apart", f"Mae {away} milltir rhwng {one} a {other}")
    )


def _level(wording: Wording, values: Values) -> str:
    grades = values["grades"]
    if not grades:
        return wording.pick(("The grades fit", "Mae’r graddau’n gweddu"))
    names = wording.listed({wording.pick(GRADES[each]) for each in grades})
    return wording.pick((f"Both are open to {names}", f"Mae’r ddau’n agored i {names}"))


_TERMS: Mapping[str, Callable[[Wording, Values], str]] = {
    "SHARED_SKILLS": _skills,
    "RELATED_SKILLS": _related,
    "SHARED_THEMES": _themes,
    "SIMILAR_TEXTS": _text,
    "SAME_FORMAT": _format,
    "DATES": _dates,
    "NEAR": _near,
    "LEVEL": _level,
}
