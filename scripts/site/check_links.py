"""Check the links of a built site, those that MkDocs doesn't look at included: every page is read as a browser would.

    python -m scripts.site.check_links SITE_DIR      0 if all is well; 1 and a list of what is wrong, with its page

Every link to the site itself must lead to a file, and its fragment to an element there. No id may stand twice on a
page. If the pages have canonical addresses, each must be its own, and the sitemap must list exactly these; a page that
has moved must lead to one of them, and none may lead to it. What lies on other sites is not asked for, but no page may
make a browser fetch anything from there.
"""

from __future__ import annotations

import argparse
import sys
import xml.etree.ElementTree as ElementTree
from collections import Counter
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urljoin, urlsplit

# Attributes with an address; those of the second kind make the browser fetch it.
LINKS = {("a", "href"), ("area", "href"), ("form", "action")}
SOURCES = {
    ("link", "href"), ("script", "src"), ("img", "src"), ("source", "src"), ("iframe", "src"), ("video", "src"),
    ("audio", "src"), ("object", "data"), ("embed", "src"), ("image", "href"), ("use", "href"),
}  # fmt: skip
NO_PAGE = "404.html"  # answers for any address, so its links begin with the path of the site
ANYWHERE = "http://site.invalid/"  # stands for the address of a site that has none


class Page(HTMLParser):
    """What a page has: its links, its ids, its canonical address."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[tuple[str, bool]] = []  # with: is it fetched?
        self.ids: Counter[str] = Counter()
        self.canonical = ""
        self.leads_on = ""  # where a page that has moved sends its reader
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attributes}
        if "id" in found:
            self.ids[found["id"]] += 1
        if tag == "meta" and found.get("http-equiv") == "refresh":
            self.leads_on = found.get("content", "").partition("url=")[2]
            self.links.append((self.leads_on, False))
        if tag == "a" and "name" in found and found["name"] != found.get("id"):
            self.ids[found["name"]] += 1
        if tag == "link" and "canonical" in found.get("rel", "").split():
            self.canonical = found.get("href", "")
            return
        for name, value in found.items():
            if (tag, name) in LINKS or (tag, name) in SOURCES:
                fetched = (tag, name) in SOURCES and not (tag == "link" and found.get("rel") in ("prev", "next"))
                self.links.append((value, fetched))


class Fault(NamedTuple):
    page: str
    message: str

    def __str__(self) -> str:
        return f"{self.page}: {self.message}"


class Site:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.pages = {
            path.relative_to(folder).as_posix(): Page(path.read_text(encoding="utf-8"))
            for path in sorted(folder.rglob("*.html"))
        }
        home = self.pages.get("index.html")
        self.address = home.canonical if home else ""  # "" if the site was built without one

    def url(self, page: str) -> str:
        """The address of a page."""
        return (self.address or ANYWHERE) + page.removesuffix("index.html")

    def faults(self) -> Iterator[Fault]:
        if "index.html" not in self.pages:
            yield Fault("index.html", "there is no such page")
        for name, page in self.pages.items():
            for anchor, number in page.ids.items():
                if number > 1:
                    yield Fault(name, f"{number} elements have the id {anchor!r}")
            for link, fetched in dict.fromkeys(page.links):
                if message := self.problem(name, link, fetched):
                    yield Fault(name, message)
        yield from self.wrong_addresses()

    def problem(self, name: str, link: str, fetched: bool) -> str:
        """What is wrong with a link of a page, or ''."""
        if not link.strip():
            return "a link has no address"
        url = urlsplit(urljoin(self.url(name), link))
        home = urlsplit(self.address or ANYWHERE)
        if url.scheme not in ("http", "https"):
            return "" if url.scheme in ("mailto", "data") else f"{link}: no reader can follow such a link"
        if (url.scheme, url.netloc) != (home.scheme, home.netloc) or not url.path.startswith(home.path):
            return f"{link} would be fetched from another site" if fetched else ""
        target = unquote(url.path[len(home.path) :])
        if not target or target.endswith("/"):
            target += "index.html"
        if not (self.folder / target).is_file():
            return f"{link} leads nowhere: there is no {target}"
        if target in self.pages and self.pages[target].leads_on:
            return f"{link} leads to a page that has moved, to {self.pages[target].leads_on}"
        anchor = unquote(url.fragment)
        if anchor and target in self.pages and anchor not in self.pages[target].ids:
            return f"{link} leads nowhere: {target} has no id {anchor!r}"
        return ""

    def wrong_addresses(self) -> Iterator[Fault]:
        """Canonical addresses and the sitemap."""
        own = {name: self.url(name) for name, page in self.pages.items() if name != NO_PAGE and not page.leads_on}
        for name, page in self.pages.items():
            target = urljoin(self.url(name), page.leads_on)
            if page.leads_on and (page.canonical != page.leads_on or target not in own.values()):
                yield Fault(name, f"it sends readers to {page.leads_on}, which is no page, or not its canonical address")
        for name, url in own.items():
            if self.pages[name].canonical != (url if self.address else ""):
                yield Fault(name, f"its canonical address is {self.pages[name].canonical!r}, not {url!r}")
        if not self.address:
            return
        tree = ElementTree.parse(self.folder / "sitemap.xml")
        listed = {element.text for element in tree.findall(".//{*}loc")}
        for url in sorted(listed ^ set(own.values())):
            yield Fault("sitemap.xml", f"{url} is {'no page' if url in listed else 'missing'}")


def main(argv: list[str] | None = None) -> int:
    """The command line: 0 if all is well, 1 if something is wrong, 2 if the command line is."""
    parser = argparse.ArgumentParser(description="Check the links of a built site.")
    parser.add_argument("site", metavar="SITE_DIR", type=Path, help="the folder that mkdocs build wrote")
    site = Site(parser.parse_args(argv).site)
    faults = list(site.faults())
    for fault in faults:
        print(fault, file=sys.stderr)
    print(f"{len(site.pages)} pages, {sum(len(page.links) for page in site.pages.values())} links, {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
