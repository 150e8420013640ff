"""The only Streamlit room of the package: what pages show and share."""
