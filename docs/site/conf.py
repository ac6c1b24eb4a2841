"""How Sphinx makes the pages; stage.py has put the texts together."""

project = "rootlint"
author = "the rootlint authors"
html_title = "rootlint"
html_theme = "furo"
html_show_copyright = False
html_show_sphinx = False
html_show_sourcelink = False
# No page asks another machine for anything.
html_theme_options = {"source_repository": "", "sidebar_hide_name": False}
extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
myst_heading_anchors = 4
# GitHub and Terraform write more words after the language of an example than highlighters know.
highlight_language = "text"
suppress_warnings = ["misc.highlighting_failure"]
html_static_path = []
