"""The checks of exercises on a page: data that docs/assets/js/lab.js makes a field or an editor of.

    custom_fences:
      - name: check
        class: check
        format: !!python/name:scripts.site.exercises.format_check

Without JavaScript nothing is seen of them, and the search doesn't find them: all is in an attribute.
"""

from __future__ import annotations

import json
import logging
from html import escape
from typing import Any

from ..text.exercises import Wrong, parse

log = logging.getLogger("mkdocs.exercises")  # below "mkdocs", so that --strict counts the warnings


def format_check(source: str, language: str, css_class: str, options: dict, md: Any, **kwargs: Any) -> str:
    try:
        data = parse(source).data()
    except Wrong as wrong:
        log.warning("a check of an exercise can't be read (python3 scripts/book.py check tells where): %s", wrong)
        return ""
    return f'<div hidden data-check="{escape(json.dumps(data, ensure_ascii=False, separators=(",", ":")))}"></div>'
