"""What tests and tools stand on: the app and Chromium, homes, runs, photos, and what a test waits for. It reads no test and no tool."""

from pathlib import Path

ROOT = Path(__file__).parents[2]
