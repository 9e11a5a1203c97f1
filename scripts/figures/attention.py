"""Attention: who looks at whom, in each head, and how the weights come about."""

from __future__ import annotations

from ._passes import DOUBLED, NAMES, choices, letters
from ._still import amount, element, load, number

FULL = 0.6  # the weight with the full color


def still(doubled: str = "") -> str:
    """The weights of all heads for the first name, after training; with `doubled` those of the model of doubled words."""
    first = (DOUBLED if doubled else NAMES)[0]
    recorded = load(f"figures/passes-{first}.json")
    names = letters(recorded["tokens"], bool(doubled))
    heads = []
    for head in range(len(recorded["weights"]["after"][0])):
        rows = []
        for position, name in enumerate(names):
            weights = recorded["weights"]["after"][position][head]
            cells = [
                element("td", number(w, 2), class_="more", style=f"--amount:{amount(w, FULL)}%") for w in weights
            ]
            future = [element("td", "", class_="future") for _ in names[len(weights):]]
            rows.append(element("tr", element("th", f"{position} {name}", scope="row"), *cells, *future))
        columns = [element("th", name, scope="col") for name in names]
        top = element("thead", element("tr", element("td", ""), *columns))
        caption = element("caption", f"head {head + 1}")
        heads.append(element("table", caption, top, element("tbody", *rows), class_="attention-grid"))
    note = (f"Attention weights of the trained model for {first}: "
            "a row for each position that looks, a column for each it looks at.")
    return element("div", element("p", note), element("div", *heads, class_="attention-heads"), **choices(bool(doubled)))
