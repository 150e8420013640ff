"""Figures from plain rows: ECharts options and Plotly figures. No Streamlit."""
