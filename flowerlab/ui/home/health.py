"""Whether this computer can run the lab: one line on Home, which opens to the whole list."""

from __future__ import annotations

from collections import Counter
from itertools import zip_longest

import streamlit as st

from flowerlab.doctor import Finding, Level, examine
from flowerlab.locale import _
from flowerlab.tasks.refreshed import Refreshed
from flowerlab.ui.base.fragments import refreshed
from flowerlab.ui.base.text import escaped

SIGNS = {Level.OK: "✅", Level.WARNING: "🟡", Level.PROBLEM: "⛔"}
ORDER = (Level.PROBLEM, Level.WARNING, Level.OK)
LOOK_S = 0.5
FIRST_AFTER_S = 2.0


@st.cache_resource(show_spinner=False)
def _examined() -> Refreshed[list[Finding]]:
    """Returns the one examination that all viewers share."""
    return Refreshed(lambda: examine(serving=True), first_after_s=FIRST_AFTER_S)


def health_panel() -> None:
    """Draws the panel: open where the lab cannot run, else folded. The page never waits for it."""
    pending = _examined().look() is None

    def draw() -> None:
        findings = _examined().look()
        if pending and findings is not None:
            # Once more without the timer.
            st.rerun()
        if findings is None:
            st.expander("🩺 " + _("Looking at this computer …"), key="health-pending")
            return
        open_at_once = any(finding.level is Level.PROBLEM for finding in findings)
        with st.expander(summary(findings), expanded=open_at_once, key="health"):
            for level in ORDER:
                _lines([finding for finding in findings if finding.level is level and finding.missing_mb is None])
            _to_fetch([finding for finding in findings if finding.missing_mb is not None])
            st.caption(_("The same from a terminal: `python -m flowerlab doctor`"))

    refreshed(draw, every_s=LOOK_S if pending else None)


def summary(findings: list[Finding]) -> str:
    """Returns the panel's one line: the worst first. What only waits to be fetched is nothing bad."""
    counts = Counter(finding.level for finding in findings if finding.missing_mb is None)
    if problems := counts[Level.PROBLEM]:
        words = _("One problem: the lab cannot run") if problems == 1 else _("{count} problems: the lab cannot run")
        return f"🩺 {SIGNS[Level.PROBLEM]} " + words.format(count=problems)
    if warnings := counts[Level.WARNING]:
        words = _("This computer can run the lab, with one remark")
        if warnings > 1:
            words = _("This computer can run the lab, with {count} remarks")
        return f"🩺 {SIGNS[Level.WARNING]} " + words.format(count=warnings)
    return f"🩺 {SIGNS[Level.OK]} " + _("This computer can run the lab")


def _lines(findings: list[Finding]) -> None:
    """Writes findings of one level; what mends several in a row is said once, after the last of them."""
    lines: list[str] = []
    for finding, following in zip_longest(findings, findings[1:]):
        lines.append(f"{SIGNS[finding.level]} **{escaped(finding.subject)}** · {escaped(finding.text)}")
        if finding.mend and (following is None or following.mend != finding.mend):
            lines.append(f"↳ {escaped(finding.mend)}")
    if lines:
        st.markdown("  \n".join(lines))


def _to_fetch(findings: list[Finding]) -> None:
    """Writes what is not here in one sentence: the table above says the same of each by itself."""
    if not findings:
        return
    things = ", ".join(f"{escaped(finding.subject)} ({finding.missing_mb:.0f} MB)" for finding in findings)
    hosts = ", ".join(sorted({escaped(finding.source) for finding in findings if finding.source}))
    words = _("📦 **Not here yet** · {things}; from {hosts}. Each is fetched when a run needs it.")
    lesson = _("↳ Without a network, `python -m flowerlab unpack LESSON.zip` brings them from another computer.")
    st.markdown(words.format(things=things, hosts=hosts) + "  \n" + lesson)
