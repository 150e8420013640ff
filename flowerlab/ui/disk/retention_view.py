"""The cleaning rule: what it is, what it would do now, what it did."""

from __future__ import annotations

import time

import streamlit as st

from flowerlab.disk.retention import DAY_S, Cleaning, Rule, cleanings, due_now, fixed_by_settings, read_rule, variables, write_rule
from flowerlab.errors import FlowerlabError
from flowerlab.lab import Lab
from flowerlab.locale import _
from flowerlab.locale.numbers import size
from flowerlab.settings import variable_of
from flowerlab.ui.base.messages import show_error, succeeded
from flowerlab.ui.base.text import escaped
from flowerlab.ui.widgets.sizes import day_words, runs_words

MOST_NAMED = 8
CLEANINGS = 5
TOLD_FOR_S = 7 * DAY_S


def cleaning_view(lab: Lab) -> None:
    """Draws the rule's form, what it would do, and what it did."""
    st.subheader(
        _("Cleaning rule"),
        anchor=False,
        help=_(
            "Off until somebody sets it. Runs that are kept (📌), that train or wait, or that others start from, and the starter, are "
            "never touched; the others go to the trash, not away."
        ),
    )
    rule = read_rule(lab.home, lab.settings)
    wanted = _form(lab, rule)
    _what_it_would_do(lab, wanted, in_force=wanted == rule)
    st.caption(
        _(
            "Apart from this rule, the checkpoints of finished runs take at most {bound:g} GB, as the setting {name} says: the runs that "
            "ended first lose theirs first. Their models stay."
        ).format(bound=lab.settings.checkpoints_gb, name=variable_of("checkpoints_gb"))
    )
    for cleaning in cleanings(lab.home)[:CLEANINGS]:
        _what_it_did(lab, cleaning)


def _form(lab: Lab, rule: Rule) -> Rule:
    """Draws the form and returns the rule that it shows, which is in force once its button was pressed."""
    fixed = fixed_by_settings(lab.settings)
    labels = {
        "clean_runs_after_days": (_("Runs to the trash after (days)"), _("Counted from the run's end. Empty: never.")),
        "keep_runs_gb": (
            _("Keep at most (GB) of runs"),
            _("Where all runs together take more, those that ended first go to the trash. Empty: no bound."),
        ),
        "empty_trash_after_days": (
            _("Empty the trash after (days)"),
            _("What has lain there for so long is deleted for good. Empty: never."),
        ),
    }
    values: dict[str, float | None] = {}
    grid = st.grid(columns=3, min_column_width=210, gap="small")
    for name, (label, words) in labels.items():
        with grid.cell():
            chosen = st.number_input(
                label,
                min_value=0.0,
                value=getattr(rule, name),
                step=1.0,
                format="%g",
                key=f"rule-{name}",
                placeholder=_("never"),
                disabled=name in fixed,
                help=words,
            )
            values[name] = chosen or None
    if fixed:
        st.caption(_("Set by the environment, and so not here: {names}.").format(names=escaped(variables(lab.settings))))
    wanted = Rule(**values)
    return wanted


def _what_it_would_do(lab: Lab, rule: Rule, *, in_force: bool) -> None:
    due = due_now(lab.home, lab.store, rule)
    if due:
        words = _("This rule would move {runs} ({size}) to the trash now: {names}.")
        taken = size(sum(one.bytes for one in due))
        st.info(words.format(runs=runs_words(len(due)), size=taken, names=_names([one.run.name for one in due])), icon="🧹")
    elif rule.off:
        st.caption(_("No rule is set: no run is cleaned by itself."))
    else:
        st.caption(_("This rule would move no run to the trash now."))
    if not in_force:
        with st.container(horizontal=True, vertical_alignment="center"):
            if st.button(_("Set this rule"), key="rule-set", type="primary") and succeeded(lambda: _set(lab, rule)):
                st.rerun()
            st.caption(_("Not in force before you press the button; then it is kept once an hour."))
    elif due and st.button(_("Clean now"), key="rule-now") and succeeded(lab.clean):
        lab.usage.forget()
        st.rerun()


def _set(lab: Lab, rule: Rule) -> None:
    lab.store.check_changeable()
    fixed = fixed_by_settings(lab.settings)
    write_rule(lab.home, {name: value for name, value in rule.model_dump().items() if name not in fixed})


def _what_it_did(lab: Lab, cleaning: Cleaning) -> None:
    there = {thrown.key for thrown in lab.trash.all()}
    back = [key for key in cleaning.thrown if key in there]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"🧹 {cleaning_words(cleaning)}", width="stretch")
        label = _("↩ Restore {count}").format(count=len(back))
        if back and st.button(label, key=f"restore-all-{cleaning.when_s}"):
            _restore(lab, back)


def _restore(lab: Lab, keys: list[str]) -> None:
    well = True
    for key in keys:
        try:
            lab.trash.restore(key)
        except FlowerlabError as error:
            show_error(error)
            well = False
    lab.usage.forget()
    if well:
        st.rerun()


def tell_of_cleaning(lab: Lab) -> None:
    """Says what the rule did in the last days: nobody shall wonder where a run is."""
    newest = next((one for one in cleanings(lab.home) if one.took_runs), None)
    if newest is not None and time.time() - newest.when_s < TOLD_FOR_S:
        st.caption(f"🧹 {cleaning_words(newest)}")
        st.page_link("pages/disk.py", label=_("See the Disk page"), icon="💾")


def cleaning_words(cleaning: Cleaning) -> str:
    """Says what was cleaned, as Markdown."""
    day = day_words(cleaning.when_s)
    parts = []
    if cleaning.names:
        words = _("{day} the rule moved {runs} to the trash: {names}.")
        parts.append(words.format(day=day.capitalize(), runs=runs_words(len(cleaning.names)), names=_names(cleaning.names)))
    if cleaning.deleted:
        words = _("{day} the rule deleted {runs} from the trash for good: {names}.")
        parts.append(words.format(day=day.capitalize(), runs=runs_words(len(cleaning.deleted)), names=_names(cleaning.deleted)))
    if cleaning.checkpoints:
        words = _(
            "{day} {runs} lost their checkpoints, because those of all finished runs took more than they may: {names}. Their models stay."
        )
        if len(cleaning.checkpoints) == 1:
            words = _(
                "{day} {runs} lost its checkpoints, because those of all finished runs took more than they may: {names}. Its model stays."
            )
        parts.append(
            words.format(day=day.capitalize(), runs=runs_words(len(cleaning.checkpoints)), names=_names(cleaning.checkpoints))
        )
    return " ".join(parts)


def _names(names: list[str] | tuple[str, ...]) -> str:
    named = ", ".join(escaped(name) for name in names[:MOST_NAMED])
    left = len(names) - MOST_NAMED
    return named if left <= 0 else named + " " + _("and {count} more").format(count=left)
