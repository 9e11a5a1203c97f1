"""The figure mirror: e to the power of x, and its logarithm, as the program's engine has them."""

from __future__ import annotations

from microgpt import Value

PAGE = "4-training/02-cross-entropy/"


def test_one_is_the_other_in_a_mirror(figure):
    v, live = figure(PAGE, "figure-mirror", viewport={"width": 360, "height": 800})
    x = live.get_by_label("x", exact=True)
    for at in (-3.0, 0.0, 1.6):
        x.fill(str(at))
        power = Value(at).exp()
        back = Value(power.data)
        back.log().backward()
        text = live.locator(".figure-status").inner_text().replace("−", "-")
        assert text == (
            f"e to the power of {at:.1f} is {power.data:.3f}, so the logarithm of {power.data:.3f} is {back.log().data:.1f}. "
            f"There the slopes are {power.data:.3f} and {back.grad:.3f}."
        )
    x.focus()
    v.page.keyboard.press("ArrowLeft")
    assert live.locator(".figure-status").inner_text().startswith("e to the power of 1.5 is 4.482")
