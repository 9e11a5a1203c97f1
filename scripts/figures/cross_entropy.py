"""Cross-entropy: the loss −log p as a curve over p, the probability of the right token."""

from __future__ import annotations

from microgpt import Value

from ._still import element, number

WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 600, 260, 40, 20, 590, 220
HIGHEST = 7
MARKS = {"0.01": 0.01, "1/27": 1 / 27, "0.9": 0.9}  # as in cross-entropy.js


def loss(p: float) -> float:
    """What `document_loss` makes of a probability."""
    return (-Value(p).log()).data


def still() -> str:
    """The curve, and what it is at the marks."""

    def place(p: float, height: float) -> tuple[float, float]:
        return round(LEFT + p * (RIGHT - LEFT), 1), round(BOTTOM - height / HIGHEST * (BOTTOM - TOP), 1)

    axis = []
    for height in range(HIGHEST + 1):
        _, y = place(0, height)
        axis.append(element("line", x1=LEFT, x2=RIGHT, y1=y, y2=y, class_="rule"))
        axis.append(element("text", str(height), x=LEFT - 8, y=y + 4, text_anchor="end"))
    for tenth in range(0, 11, 2):
        axis.append(element("text", number(tenth / 10, 1), x=place(tenth / 10, 0)[0], y=BOTTOM + 20, text_anchor="middle"))
    axis.append(element("text", "p, given to the right token", x=RIGHT, y=BOTTOM + 36, text_anchor="end"))

    points = [place(p, loss(p)) for p in [10 ** (-3 + i / 40) for i in range(121)]]
    curve = element("path", d="M" + "L".join(f"{x} {y}" for x, y in points), class_="curve a")
    marks = []
    for name, p in MARKS.items():
        x, y = place(p, loss(p))
        text = f"p = {name}: −log p = {number(loss(p), 3)}"
        end = {"x": x, "y": y - 12, "text_anchor": "end"} if p > 0.5 else {"x": x + 12, "y": y}
        marks.append(element("circle", cx=x, cy=y, r=5, class_="fill-b"))
        marks.append(element("text", text, **end))
    said = "; ".join(f"{number(loss(p), 3)} at p = {name}" for name, p in MARKS.items())
    return element(
        "svg", element("g", *axis, class_="axis"), curve, *marks,
        viewBox=f"0 0 {WIDTH} {HEIGHT}", role="img", aria_label=f"The loss −log p falls from p = 0 to p = 1: {said}",
    )
