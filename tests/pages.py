"""HTML pages as tests read them, and what a hostile name tries there."""

from __future__ import annotations

from html.parser import HTMLParser
from itertools import pairwise

EVIL = "</p><script>alert(1)</script><img src=https://evil.example onerror=x> {{ 7*7 }} \x1b[31m\u202e"


class Page(HTMLParser):
    """Elements and texts of a page."""

    def __init__(self, text):
        super().__init__()
        self.elements = []
        self.ids = []
        self.texts = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        self.ids += [value for name, value in attrs if name == "id"]

    def handle_data(self, data):
        self.texts.append(data)

    def named(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]

    def stands_alone(self):
        """Whether nothing runs, and nothing has an address but places on the page itself."""
        tags = {tag for tag, _ in self.elements} & {"script", "link", "img", "iframe", "object", "base", "form"}
        names = {name for _, attributes in self.elements for name in attributes} & {"src", "style", "onclick"}
        places = [attributes.get("href", "#") for _, attributes in self.elements]
        return not tags and not names and all(place[1:] in {"", *self.ids} and place[0] == "#" for place in places)

    def reads_aloud(self):
        """Whether landmarks, headings, tables, pictures and what scrolls can be told apart without being seen."""
        landmarks = [len(self.named(tag)) for tag in ("main", "h1", "header", "footer")]
        levels = [int(tag[1]) for tag, _ in self.elements if tag in {"h1", "h2", "h3", "h4"}]
        return (
            landmarks == [1, 1, 1, 1]
            and self.named("html") == [{"lang": "en"}]
            and self.elements[[tag for tag, _ in self.elements].index("body") + 1][1].get("href") == "#main"
            and len(self.ids) == len(set(self.ids))
            and all(after - before <= 1 for before, after in pairwise(levels))
            and all(self._is_named(part) for part in self.named("section"))
            and all(self._is_named(part) and part["role"] == "img" for part in self.named("svg"))
            and len(self.named("caption")) == len(self.named("table"))
            and all("scope" in cell for cell in self.named("th"))
            and all(
                part["tabindex"] == "0" and self._is_named(part)
                for part in self.named("div")
                if part.get("class") == "wide"
            )
        )

    def _is_named(self, attributes):
        places = attributes.get("aria-labelledby", "").split()
        return bool(attributes.get("aria-label")) or (bool(places) and set(places) <= set(self.ids))
