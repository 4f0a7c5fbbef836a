"""The pages of this folder as one site, by Sphinx: `make docs` builds it into build/docs.

Pages are Markdown that reads as well without the site. Three things are added while it is built: pages that the index
does not name, the examples with their text, and pictures drawn from the fences called `mermaid`. Nothing is fetched,
neither then nor when a page is looked at: the script that draws comes from a pinned wheel.
"""

from __future__ import annotations

import ast
import re
from html import escape
from importlib.metadata import distribution
from pathlib import Path
from shutil import copyfile
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent

project = "f2p"
author = "the f2p authors"
copyright = f"{author}, Apache-2.0"
extensions = ["myst_parser"]
root_doc = "index"
source_suffix = {".md": "markdown"}
exclude_patterns = ["_static"]
nitpicky = True

myst_heading_anchors = 4
myst_fence_as_directive = ["mermaid"]
myst_enable_extensions = ["deflist"]

html_theme = "furo"
html_title = "f2p"
html_copy_source = False
html_show_sourcelink = False
html_css_files = ["f2p.css"]
html_static_path = ["_static"]
pygments_style = "friendly"

LOOKS = "{startOnLoad: true, theme: 'neutral', securityLevel: 'strict', flowchart: {useMaxWidth: false}}"


class Mermaid(SphinxDirective):
    """A picture that mermaid's script draws when the page is looked at; its text where there is no script."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        """Return the fence as mermaid expects it."""
        text = escape("\n".join(self.content), quote=False)
        return [nodes.raw("", f'<pre class="mermaid">{text}</pre>', format="html")]


def further_pages(told: str) -> str:
    """Return a list of the pages that are here and that the index does not name, for its end."""
    named = set(re.findall(r"^(\w+)$", told, re.MULTILINE)) | {root_doc}
    rest = sorted(path.stem for path in HERE.glob("*.md") if path.stem not in named)
    return "\n".join(["```{toctree}", ":caption: Further", ":hidden:", "", *rest, "```"]) if rest else ""


def examples(level: str) -> str:
    """Return a section for each example: what it shows, and all of it."""
    parts = []
    for path in sorted((ROOT / "examples").glob("*.py")):
        shows = (ast.get_docstring(ast.parse(path.read_text())) or "").split("\n\n")[0]
        parts += [
            f"{level} {path.stem}",
            shows,
            f"```{{literalinclude}} ../examples/{path.name}\n:language: python\n```",
        ]
    return "\n\n".join(parts)


def fill(app: Sphinx, page: str, source: list[str]) -> None:
    """Put what is found while building in the place of the comments that stand for it."""
    del app, page
    if "\n% further pages\n" in source[0]:
        source[0] = source[0].replace("% further pages", further_pages(source[0]))
    if "\n% examples\n" in source[0]:
        source[0] = source[0].replace("% examples", examples("##"))


def add_script(app: Sphinx, page: str, template: str, context: Any, doctree: nodes.document | None) -> None:
    """Load the script on the pages that have something to draw."""
    del page, template, context
    if doctree is not None and any('class="mermaid"' in node.astext() for node in doctree.findall(nodes.raw)):
        app.add_js_file("mermaid.js")
        app.add_js_file(None, body=f"mermaid.initialize({LOOKS});")


def copy_script(app: Sphinx, error: Exception | None) -> None:
    """Put mermaid's script beside the pages, out of the wheel that brings it."""
    if error is None and app.builder.format == "html":
        found = Path(str(distribution("mmdc").locate_file("mmdc/assets/mermaid.js")))
        copyfile(found, Path(app.outdir) / "_static" / "mermaid.js")


def setup(app: Sphinx) -> dict[str, bool]:
    """Join Sphinx, which calls this."""
    app.add_directive("mermaid", Mermaid)
    app.connect("source-read", fill)
    app.connect("html-page-context", add_script)
    app.connect("build-finished", copy_script)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
