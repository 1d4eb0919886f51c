"""Collects the texts of code and templates into the Welsh catalogue: `python -m web.catalogue`.

What is translated stays; what is new comes in empty, and a test says so until somebody translates it.
"""

from __future__ import annotations

from pathlib import Path

from babel.messages import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from web import codes, words

HERE = Path(__file__).parent
WELSH = HERE / "translations" / "cy" / "LC_MESSAGES" / "messages.po"
KEYWORDS = {"_": None, "gettext": None, "lazy": None, "ngettext": (1, 2)}
FILES = [("**.py", "python"), ("**.html", "jinja2")]
OPTIONS = {"**.html": {"trim_blocks": "true", "lstrip_blocks": "true", "silent": "false"}}
WIDTH = 110
# Nothing in it changes with the day, so that two who translate do not meet here.
HEADER = """# Welsh texts of the pages.
msgid ""
msgstr ""
"Language: cy\\n"
"Plural-Forms: nplurals=6; plural=(n==0 ? 0 : n==1 ? 1 : n==2 ? 2 : n==3 ? 3 : n==6 ? 4 : 5);\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"

"""


def texts() -> Catalog:
    """All that pages say."""
    found = Catalog(locale="cy")
    for _, _, message, _, _ in extract_from_dir(HERE, FILES, OPTIONS, KEYWORDS):
        found.add(message)
    for module in (words, codes):
        for text in words.texts(module):
            found.add(text)
    return found


def welsh() -> Catalog:
    with WELSH.open("rb") as source:
        return read_po(source, locale="cy")


def main() -> None:
    known = welsh() if WELSH.exists() else Catalog(locale="cy")
    known.update(texts(), no_fuzzy_matching=True)
    known.obsolete.clear()
    write(known)


def write(known: Catalog) -> None:
    with WELSH.open("wb") as target:
        target.write(HEADER.encode())
        write_po(target, known, width=WIDTH, no_location=True, omit_header=True, sort_output=True)


if __name__ == "__main__":
    main()
