"""The figure graph: at the end each node holds what Value holds, and on the way what the recorded backward() held."""

from __future__ import annotations

import json

from microgpt import Value
from scripts.figures._still import DATA
from scripts.figures.graph import text

PAGE = "2-autograd/08-a-graph-by-hand/"


def held(live) -> dict[str, tuple[str, str]]:
    """(data, grad) of each node."""
    return {
        node.get_attribute("data-node"): tuple(node.locator(f"[data-value={key}]").text_content() for key in ("data", "grad"))
        for node in live.locator(".node").all()
    }


def by_program(a: float, b: float) -> dict[str, tuple[str, str]]:
    nodes = {"a": Value(a), "b": Value(b)}
    nodes["p"] = nodes["a"] * nodes["b"]
    nodes["L"] = nodes["p"] + nodes["a"]
    nodes["L"].backward()
    return {name: (text(node.data), text(node.grad)) for name, node in nodes.items()}


def test_the_steps_are_those_of_backward(figure):
    v, live = figure(PAGE, "figure-graph")
    forward = live.get_by_title("One step forward")
    data, grads = [], []
    for k in range(8):
        assert live.locator(".player output").inner_text() == f"{k + 1} of 8"
        now = held(live)
        data.append([name for name in now if now[name][0] != "–"])
        grads.append({name: float(now[name][1]) for name in data[-1]})
        if k < 7:
            forward.click()
    assert data[:3] == [["a", "b"], ["a", "b", "p"], ["a", "b", "p", "L"]]
    assert all(set(grad.values()) == {0} for grad in grads[:3])

    steps = json.loads((DATA / "figures/trace-value.json").read_text(encoding="utf-8"))["steps"]
    labels = {"L.grad": "L", "a·b.grad": "p", "a.grad": "a", "b.grad": "b"}
    recorded = [(labels[key], x) for step in steps if step[2] for key, x in step[2][2].items() if key in labels]
    shown = [(name, now[name]) for before, now in zip(grads[2:], grads[3:]) for name in now if now[name] != before[name]]
    assert shown == recorded
    assert held(live) == by_program(2, 3)
    assert "a has collected 1 + 3 = 4 from two paths" in live.locator(".figure-status").inner_text()


def test_other_numbers(figure):
    v, live = figure(PAGE, "figure-graph", viewport={"width": 360, "height": 800}, has_touch=True)
    live.get_by_title("Last step").tap()
    a, b = live.get_by_label("a", exact=True), live.get_by_label("b", exact=True)
    assert held(live) == by_program(2, 3)
    for x, y in ((-4.5, 4.5), (0, -2.5), (5, -5), (0.5, 0), (-1.5, -1)):
        a.fill(str(x))
        b.fill(str(y))
        assert held(live) == by_program(x, y)
        for edge, local in (("ap", y), ("bp", x), ("pL", 1), ("aL", 1)):
            label = live.locator(f"[data-edge={edge}] text").text_content()
            assert label.startswith(f"({text(local)}) · 1" if local < 0 else f"{text(local)} · 1"), label
            assert label.endswith(f"= {text(local)}")
    b.focus()
    v.page.keyboard.press("ArrowRight")
    assert held(live) == by_program(-1.5, -0.5)
    live.get_by_title("One step back").focus()
    v.page.keyboard.press("Home")
    assert held(live)["L"] == ("–", "–")
    v.page.keyboard.press("End")
    boxes = live.locator(".edge text, .node rect").evaluate_all(
        "all => all.map(part => part.getBoundingClientRect()).map(box => [box.left, box.right, box.top, box.bottom])"
    )
    for i, (left, right, top, bottom) in enumerate(boxes):
        for left2, right2, top2, bottom2 in boxes[:i]:
            assert right <= left2 or right2 <= left or bottom <= top2 or bottom2 <= top, "they overlap"
