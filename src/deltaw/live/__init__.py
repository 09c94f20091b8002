"""The lab: a network that trains live in a page, on a table of one's own, with every number one click away.

The page is one HTML file that trains by the same engine, compiled to WebAssembly; it asks nobody for anything, and the
table stays in it. Its sources are in lab/, its built form is `page.html` beside this file.
"""

from deltaw.live.write import lab

__all__ = ["lab"]
