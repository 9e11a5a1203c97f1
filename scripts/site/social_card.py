"""Draw the picture that stands beside a link to the book elsewhere: the recorded run, its losses and its names.

    python -m scripts.site.social_card      before the site is built; needs Pillow, which is among the docs requirements

It writes docs/assets/images/social-card.png, and for the pages' heads docs/overrides/generated/social-card.html.
Neither is committed. A site that is built without them has no picture. Fonts and colors are the site's own.
"""

from __future__ import annotations

import json
import re

from PIL import Image, ImageDraw, ImageFont

from .. import ROOT

ASSETS = ROOT / "docs/assets"
IMAGE = "assets/images/social-card.png"
HEAD = ROOT / "docs/overrides/generated/social-card.html"
WIDTH, HEIGHT = 1200, 630  # what the sites that show such pictures ask for
MARGIN = 80
PLOT = (MARGIN, 290, WIDTH - MARGIN, 520)
MEAN_OF = 50  # steps


def colors() -> dict[str, str]:
    """The colors of the light scheme, by name."""
    light = (ASSETS / "css/colors.css").read_text(encoding="utf-8").split("}")[0]
    return dict(re.findall(r"--([\w-]+): (#\w+);", light))


def font(family: str, weight: int, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(ASSETS / f"vendor/{family}/{family}-latin-{weight}-normal.woff2"), size)


def running_mean(values: list[float]) -> list[float]:
    """Of each value and those before it, at most MEAN_OF in all."""
    means = []
    for end in range(1, len(values) + 1):
        last = values[max(0, end - MEAN_OF) : end]
        means.append(sum(last) / len(last))
    return means


def draw(run: dict) -> Image.Image:
    """The picture of a recorded run."""
    color = colors()
    # Drawn twice as large and then made smaller: so the curve has smooth edges.
    image = Image.new("RGB", (2 * WIDTH, 2 * HEIGHT), color["book-paper"])
    pen = ImageDraw.Draw(image)

    def text(x: float, y: float, words: str, family: str, weight: int, size: int, fill: str, anchor: str = "ls") -> None:
        pen.text((2 * x, 2 * y), words, font=font(family, weight, 2 * size), fill=color[fill], anchor=anchor)

    losses = run["losses"]
    low, *_, high = sorted(losses)[4:-4]  # the few that lie far out are not shown
    left, top, right, bottom = PLOT

    def place(step: int, loss: float) -> tuple[float, float]:
        x = left + (right - left) * step / (len(losses) - 1)
        y = bottom - (bottom - top) * (loss - low) / (high - low)
        return 2 * x, 2 * y

    text(MARGIN, 150, "microgpt", "source-serif-4", 700, 100, "book-ink")
    text(MARGIN, 215, "A book that is a program: a complete GPT, explained line by line", "source-serif-4", 400, 34, "book-muted")
    for step, loss in enumerate(losses):
        if low <= loss <= high:
            x, y = place(step, loss)
            pen.ellipse((x - 5, y - 5, x + 5, y + 5), fill=color["figure-less"])
    curve = [place(step, mean) for step, mean in enumerate(running_mean(losses))]
    pen.line(curve, fill=color["figure-a"], width=10, joint="curve")
    pen.line([(2 * left, 2 * bottom + 16), (2 * right, 2 * bottom + 16)], fill=color["book-rule"], width=3)
    text(right, top - 16, f"loss of {len(losses):,} steps", "source-serif-4", 400, 26, "book-muted", "rs")
    text(MARGIN, 582, "and then it writes:", "source-serif-4", 400, 30, "book-muted")
    text(right, 582, "  ".join(run["samples"][:5]), "source-code-pro", 400, 34, "figure-b", "rs")
    return image.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)


def main() -> None:
    run = json.loads((ASSETS / "data/run.json").read_text(encoding="utf-8"))
    target = ROOT / "docs" / IMAGE
    draw(run).save(target, optimize=True)
    HEAD.parent.mkdir(exist_ok=True)
    HEAD.write_text(
        f'<meta property="og:image" content="{{{{ config.site_url }}}}{IMAGE}">\n'
        f'<meta property="og:image:width" content="{WIDTH}">\n'
        f'<meta property="og:image:height" content="{HEIGHT}">\n'
        '<meta property="og:image:alt" content="The loss of the program falls while it learns; five names that it made up.">\n'
        '<meta name="twitter:card" content="summary_large_image">\n',
        encoding="utf-8",
    )
    print(f"wrote docs/{IMAGE} ({target.stat().st_size // 1024} KB)")


if __name__ == "__main__":
    main()
