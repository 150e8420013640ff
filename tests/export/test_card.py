"""The card of a run: one page that needs nothing else."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

from flowerlab.export.card import card
from flowerlab.lab import Lab
from tests.support.runs import add_trained_here

HOSTILE = "<script>alert(1)</script> \"'&` http://evil.example/x"


class Parts(HTMLParser):
    """Collects tags, attributes and text of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Takes a tag."""
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        """Takes text."""
        self.text += data


def test_a_card_needs_nothing_else(lab: Lab) -> None:
    """It has no script, fetches nothing, and its curves say in words what they show."""
    page = card(lab.store, add_trained_here(lab, split="lecture"))
    parts = Parts(page)
    assert not {tag for tag, _attributes in parts.tags} & {"script", "link", "img", "iframe", "object", "base", "a"}
    assert not [name for _tag, attributes in parts.tags for name in attributes if name in ("src", "href") or name.startswith("on")]
    assert not re.search(r"url\(|@import|https?://", page)
    drawn = [attributes for tag, attributes in parts.tags if tag == "svg"]
    assert [attributes["role"] for attributes in drawn] == ["img", "img"]
    assert "after 2 epochs" in str(drawn[0]["aria-label"])
    assert "prefers-color-scheme: dark" in page
    assert "@media print" in page
    assert "too high" in parts.text


def test_a_card_holds_the_run(lab: Lab) -> None:
    """Figures with their interval, every knob, the matrix, each class, versions, licence."""
    run = add_trained_here(lab, learning_rate=3e-4)
    text = Parts(card(lab.store, run)).text
    assert "85.7 % (70.6–93.7)" in text
    for words in ("0.0003", "Learning rate", "Apache-2.0", "tensorflow 2.", "keras 3.", "recall", run.id, "12 s"):
        assert words in text, words
    assert text.count("garden") >= 1


def test_a_card_tells_what_trained_the_run(lab: Lab) -> None:
    """The versions that the run recorded, whatever is installed where the card is made; those, called so, where it recorded none."""
    run = add_trained_here(lab)
    text = Parts(card(lab.store, run)).text
    assert "Versions where the card was made" in text
    assert "Versions that trained it" not in text
    assert run.result is not None
    recorded = replace(run, result=run.result.model_copy(update={"versions": {"Flowerlab": "0.0.7", "keras": "3.0.1"}}))
    text = Parts(card(lab.store, recorded)).text
    assert re.search(r"Versions that trained it\s*Flowerlab 0\.0\.7, keras 3\.0\.1", text)
    assert "Versions where" not in text


def test_names_on_a_card_are_only_names(lab: Lab) -> None:
    """A name with HTML in it is shown as it is, and adds no tag."""
    plain, hostile = (Parts(card(lab.store, add_trained_here(lab, name))) for name in ("A run", HOSTILE))
    assert [tag for tag, _attributes in hostile.tags] == [tag for tag, _attributes in plain.tags]
    assert HOSTILE in hostile.text
