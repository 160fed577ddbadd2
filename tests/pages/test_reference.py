"""The glossary and the bibliography: every entry whole, in order, and leading on."""

import re

import pytest

from tests.helpers import prose

GLOSSARY = prose.Page("glossary", (prose.DOCS / "glossary.md").read_text())
SOURCES = prose.Page("bibliography", (prose.DOCS / "bibliography.md").read_text())


def terms(page):
    """Term and definition of every entry of a glossary."""
    (_, content), *_ = (f for f in page.fences() if f[0] == "{glossary}")
    return re.findall(r"^(\S.*)\n  (\S.*)$", content, re.M)


def unlinked(text):
    """The text with its roles taken out."""
    return re.sub(r"\{[\w:]+\}`[^`]+`", "", text)


def faults_of_a_term(definition):
    """What is wrong with a definition, in words."""
    checks = {
        "not one sentence": re.fullmatch(r"[^.]+\.", unlinked(definition)),
        "leads nowhere": re.search(r"\{(doc|eq|ref|numref|term)\}`", definition),
        "too long": len(unlinked(definition)) < 260,
    }
    return [fault for fault, holds in checks.items() if not holds]


@pytest.mark.parametrize(("term", "definition"), terms(GLOSSARY))
def test_a_term_is_told_in_one_sentence_that_leads_on(term, definition):
    assert faults_of_a_term(definition) == []


@pytest.mark.parametrize(
    ("definition", "fault"),
    [
        ("A column. It has one row: {doc}`notation`.", "not one sentence"),
        ("A column without a link.", "leads nowhere"),
        ("A column" + " of columns" * 30 + ": {doc}`notation`.", "too long"),
    ],
)
def test_a_bad_definition_is_found(definition, fault):
    assert fault in faults_of_a_term(definition)


def test_the_terms_are_sorted_and_stand_once():
    names = [term.lower() for term, _ in terms(GLOSSARY)]
    assert names == sorted(names)
    assert len(set(names)) == len(names) >= 40
    blocks = GLOSSARY.fences()[0][1].strip().split("\n\n")
    assert len(names) == len(blocks)  # no entry is written in another way


def test_the_definitions_keep_the_rules_of_prose():
    spoken = "\n".join(definition for _, definition in terms(GLOSSARY))
    page = prose.Page("glossary", spoken)
    known = prose.known_names()
    assert prose.bare_decimals(page) == []
    assert prose.unknown_names(page, known) == set()
    wrong = prose.Page("glossary", spoken + "\nA `Whx` of 0.5.")
    assert prose.bare_decimals(wrong) == ["0.5"]
    assert prose.unknown_names(wrong, known) == {"Whx"}


def named_terms(pages):
    """The terms that pages refer to."""
    found = (re.findall(r"\{term\}`([^`]+)`", page.body()) for page in pages)
    return {re.sub(r".*<(.*)>", r"\1", t) for terms in found for t in terms}


def test_every_term_that_a_page_names_is_there():
    known = {term for term, _ in terms(GLOSSARY)}
    assert {"negative log-likelihood"} <= named_terms(prose.pages()) <= known
    assert not named_terms([prose.Page("scratch", "{term}`an adjective`")]) <= known


def entries(page):
    """Label and text of every source."""
    return re.findall(r"^\((bib-[\w-]+)\)=\n((?:.+\n)+)", page.body(), re.M)


def faults_of_a_source(label, text):
    """What is wrong with a source, in words."""
    name, year = re.fullmatch(r"bib-(\w+)-(\d{4})", label).groups()
    head = re.match(r"\*\*(.+) \((\d{4})\)\.\*\*", text)
    link = re.search(r"\]\(https?://\S+\)", text)
    checks = {
        "head and label differ": head
        and head[1].lower().startswith(name)
        and head[2] == year,
        "cannot be found": link or re.search(r"\d–\d|thesis", text),
        "behind no page": re.search(r"^Behind \{doc\}`.*\.$", text, re.M),
    }
    return [fault for fault, holds in checks.items() if not holds]


@pytest.mark.parametrize(("label", "text"), entries(SOURCES))
def test_a_source_can_be_found_and_stands_behind_a_page(label, text):
    assert faults_of_a_source(label, text) == []


def unnamed(pages, sources):
    """Page and source, where a page refers to one that does not name it."""
    behind = {label: text.rsplit("Behind", 1)[-1] for label, text in entries(sources)}
    used = {(p.name, s) for p in pages for s in re.findall(r"<(bib-[\w-]+)>", p.body())}
    return {
        (page, source) for page, source in used if f"`{page}`" not in behind[source]
    }


def test_a_source_names_the_pages_that_refer_to_it():
    assert unnamed(prose.pages(), SOURCES) == set()
    stray = prose.Page("notation", "as {ref}`Elman <bib-elman-1990>` has it")
    assert unnamed([stray], SOURCES) == {("notation", "bib-elman-1990")}


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("(1990)", "(1991)", "head and label differ"),
        ("**Elman", "**Jordan", "head and label differ"),
        ("Behind {doc}", "See {doc}", "behind no page"),
    ],
)
def test_a_bad_source_is_found(old, new, fault):
    label, text = entries(SOURCES)[0]
    assert old in text
    assert fault in faults_of_a_source(label, text.replace(old, new))
    assert "cannot be found" in faults_of_a_source(label, "**Elman (1990).** A book.\n")


def test_the_sources_are_sorted_within_their_sections():
    sections = SOURCES.body().split("\n## ")[1:]
    labels = [re.findall(r"^\((bib-[\w-]+)\)=$", part, re.M) for part in sections]
    assert all(part == sorted(part) for part in labels)
    assert sum(map(len, labels)) == len(entries(SOURCES)) >= 20
