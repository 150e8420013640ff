"""A Plotly figure as a PNG, drawn in Chromium."""

from __future__ import annotations

from pathlib import Path

import plotly.graph_objects as go

from tests.support.browser import chromium


def save_figure(figure: go.Figure, file: Path) -> None:
    """Draws a figure that says its width and height and has a legend.

    Args:
        figure: What to draw.
        file: A PNG.
    """
    with chromium() as browser:
        page = browser.new_page(viewport={"width": figure.layout.width, "height": figure.layout.height})
        page.set_content(figure.to_html(include_plotlyjs=True, full_html=True, config={"displayModeBar": False}))
        page.wait_for_selector(".legend")
        page.locator(".js-plotly-plot").screenshot(path=str(file))
