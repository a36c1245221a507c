"""A page of every kind that the site has, in every language."""

from __future__ import annotations

from web.languages import DEFAULT, LANGUAGES

QUESTION = "how can we stop strangers from messaging children"
CHOSEN = ("ico-age-appropriate-design-code", "apple-communication-safety", "childnet-digital-leaders")
_IDS = "&".join(f"id={id}" for id in CHOSEN)

#: The path of each kind of page, in English.
PLACES = {
    "home": "/",
    "results": f"/search?q={QUESTION.replace(' ', '+')}&topic=grooming",
    "nothing fits": "/search?q=qzxvwk+vbnmrt&mode=lexical",
    "practice": f"/practices/{CHOSEN[0]}",
    "organisation": "/organisations/meta",
    "browse": "/browse",
    "topic": "/topics/grooming",
    "coverage map": "/coverage",
    "semantic map": "/map",
    "comparison": f"/compare?{_IDS}",
    "dossier": f"/dossier?{_IDS}",
    "printed dossier": f"/dossier/print?{_IDS}",
    "help": "/help",
    "contribute": "/contribute",
    "privacy": "/privacy",
    "accessibility": "/accessibility",
    "status": "/status",
    "style guide": "/styleguide",
    "error": "/nothing/here",
}
#: What has one language only.
ENGLISH_ONLY = frozenset({"style guide"})
STATUS = {"error": 404}

#: Widths in pixels: a phone, a tablet, a desk; and a desk at 400 %.
PHONE, TABLET, DESK = 360, 768, 1280
NARROW = 320


def path_of(place: str, language: str = DEFAULT) -> str:
    assert language in LANGUAGES
    prefix = "" if language == DEFAULT or place in ENGLISH_ONLY else f"/{language}"
    return prefix + PLACES[place]
