"""HTML pages as tests read them, and what a hostile name tries there."""

from __future__ import annotations

from html.parser import HTMLParser

EVIL = "</p><script>alert(1)</script><img src=https://evil.example onerror=x> {{ 7*7 }} \x1b[31m\u202e"


class Page(HTMLParser):
    """Elements and texts of a page."""

    def __init__(self, text):
        super().__init__()
        self.elements = []
        self.texts = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.texts.append(data)

    def named(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]
