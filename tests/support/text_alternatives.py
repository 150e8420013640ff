"""What a page says to those who do not see it."""

from __future__ import annotations

from collections.abc import Sequence

from streamlit.testing.v1 import AppTest

from flowerlab.runs.run import Run


def alternatives(app: AppTest) -> list[str]:
    """Text alternatives of all charts, images and tables on a page, in no particular order."""
    charts = [chart.proto.alt for kind in ("echarts_chart", "plotly_chart") for chart in app.get(kind)]
    images = [image.alt for element in app.get("image") for image in element.proto.imgs]
    tables = [table.proto.alt for table in (*app.dataframe, *app.table)]
    return [*charts, *images, *tables]


def tables_opened(runs: Sequence[Run]) -> dict[str, bool]:
    """State of a visitor who has opened every table of the Mistakes page."""
    kinds = ("epoch-matrix-{}-table", "epoch-recall-table-{}", "epoch-photo-table-{}")
    keys = [f"{kind.format(run.id)}-open" for run in runs for kind in kinds]
    return dict.fromkeys([*keys, *(f"reliability-table-open-{run.id}" for run in runs)], True)
