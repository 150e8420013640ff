"""The cleaning rule: what it is, what it would do now, what it did."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial

import streamlit as st

from flowerlab.disk.retention import OLD_RULE, VARIABLES, Cleaning, Rule, cleanings, due_now, left_by_older_version
from flowerlab.lab import Lab
from flowerlab.locale import _
from flowerlab.locale.numbers import size
from flowerlab.settings import variable_of
from flowerlab.ui.base.messages import succeeded
from flowerlab.ui.base.text import escaped
from flowerlab.ui.widgets.sizes import cleaning_words, names_words, runs_words

CLEANINGS = 5


def retention_view(lab: Lab) -> None:
    """Draws the rule, which settings make, what it would do, and what it did."""
    st.subheader(
        _("Cleaning rule"),
        anchor=False,
        help=_(
            "Off until settings make one. Runs that are kept (📌), that train or wait, or that others start from, and the starter, are "
            "never touched; the others go to the trash, not away."
        ),
    )
    rule = Rule.of(lab.settings)
    if rule.off:
        st.caption(_("No rule is set: no run is cleaned by itself."))
    else:
        st.markdown(_("Once an hour: {rule}").format(rule=rule.sentence()))
        _what_it_would_do(lab, rule)
    set_by = [VARIABLES[name] for name, number in asdict(rule).items() if number is not None or rule.off]
    st.caption(_("Set by the environment, and so not here: {names}.").format(names=escaped(", ".join(set_by))))
    if left := left_by_older_version(lab.home, lab.settings):
        words = _(
            "On this page of an older version a rule was chosen for this lab. It is not followed any more. To have it again, open the lab "
            "with {settings}; to see this no more, delete {file}."
        )
        st.info(words.format(settings=escaped(", ".join(left)), file=escaped(str(lab.home.root / OLD_RULE))), icon="🧹")
    st.caption(
        _(
            "Apart from this rule, the checkpoints of finished runs take at most {bound:g} GB, as the setting {name} says: the runs that "
            "ended first lose theirs first. Their models stay."
        ).format(bound=lab.settings.checkpoints_gb, name=variable_of("checkpoints_gb"))
    )
    for cleaning in cleanings(lab.home)[:CLEANINGS]:
        _what_it_did(lab, cleaning)


def _what_it_would_do(lab: Lab, rule: Rule) -> None:
    due = due_now(lab.home, lab.store, rule)
    if not due:
        st.caption(_("This rule would move no run to the trash now."))
        return
    words = _("This rule would move {runs} ({size}) to the trash now: {names}.")
    taken = size(sum(one.bytes for one in due))
    st.info(words.format(runs=runs_words(len(due)), size=taken, names=names_words([one.run.name for one in due])), icon="🧹")


def _what_it_did(lab: Lab, cleaning: Cleaning) -> None:
    there = {thrown.key for thrown in lab.trash.all()}
    back = [key for key in cleaning.thrown if key in there]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"🧹 {cleaning_words(cleaning)}", width="stretch")
        label = _("↩ Restore {count}").format(count=len(back))
        if back and st.button(label, key=f"restore-all-{cleaning.when_s}"):
            _restore(lab, back)


def _restore(lab: Lab, keys: list[str]) -> None:
    restored = [succeeded(partial(lab.trash.restore, key)) for key in keys]
    lab.usage.forget()
    if all(restored):
        st.rerun()
