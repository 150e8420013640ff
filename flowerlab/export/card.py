"""The run card: a run on one page of HTML that needs nothing else. Everything in it is escaped; nothing is fetched."""

from __future__ import annotations

import html
import time

from flowerlab.datasets.catalog import DATASETS, dataset_title
from flowerlab.errors import UnknownRun
from flowerlab.export.card_figures import class_table, curve, matrix_table
from flowerlab.locale import _
from flowerlab.locale.numbers import duration, percent
from flowerlab.recipe.knobs import KNOBS, as_text
from flowerlab.results.columns import Finished, quality_columns
from flowerlab.results.sentences import accuracy_words
from flowerlab.runs.events import Result
from flowerlab.runs.run import Run
from flowerlab.store import Store
from flowerlab.system.cpu import machine_name
from flowerlab.system.versions import versions_here

STYLE = """
:root { color-scheme: light dark; --ink: #1e241f; --page: #fdfcf8; --quiet: #5b635d; --rule: #d9d7c8; --run: #0072b2;
  --good: 0, 114, 178; --bad: 213, 94, 0; }
@media (prefers-color-scheme: dark) { :root { --ink: #edf2ee; --page: #141a17; --quiet: #a8b3ac; --rule: #35423b;
  --run: #56b4e9; --good: 86, 180, 233; --bad: 240, 138, 50; } }
@media print { :root { --ink: #000; --page: #fff; --quiet: #444; --rule: #bbb; --run: #0072b2; --good: 0, 114, 178;
  --bad: 213, 94, 0; } section { break-inside: avoid; } }
* { box-sizing: border-box; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
body { margin: 0 auto; padding: 1.5rem 1rem 3rem; max-width: 62rem; background: var(--page); color: var(--ink);
  font: 1rem/1.5 system-ui, sans-serif; }
h1 { margin: 0; font-size: 1.9rem; line-height: 1.2; overflow-wrap: anywhere; } h2 { font-size: 1.2rem; margin: 2rem 0 .5rem; }
.quiet, caption, figcaption span { color: var(--quiet); font-size: .88rem; }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(13rem, 1fr)); gap: 1rem; margin: 1.2rem 0 .3rem; }
.figures b { display: block; font-size: 1.7rem; line-height: 1.2; }
.plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 22rem), 1fr)); gap: 1.5rem; }
figure { margin: 0; } svg { width: 100%; height: auto; display: block; } svg text { font-size: 15px; fill: var(--quiet); }
.rule { stroke: var(--rule); } .validation { fill: none; stroke: var(--run); stroke-width: 3.5; }
.training { fill: none; stroke: var(--run); stroke-width: 1.5; stroke-dasharray: 6 4; } .dot { fill: var(--run); }
.best { fill: none; stroke: var(--run); stroke-width: 2.5; }
.wide { overflow-x: auto; } table { border-collapse: collapse; } caption { text-align: left; padding-bottom: .4rem; }
th, td { padding: .3rem .7rem; text-align: right; border-bottom: 1px solid var(--rule); } th { font-weight: 600; }
th[scope=row], th:first-child, .knobs td { text-align: left; } .knobs td { overflow-wrap: anywhere; }
.wide td { white-space: nowrap; } .wide th { max-width: 12rem; overflow-wrap: break-word; }
.knobs th { font-weight: 400; color: var(--quiet); }
.knobs .mine { font-weight: 700; } .matrix td { min-width: 3.5rem; text-align: center; border: 2px solid var(--page); }
.matrix .right { background: rgba(var(--good), calc(var(--share) * .55)); font-weight: 700; }
.matrix .wrong { background: rgba(var(--bad), calc(var(--share) * .65)); }
.columns { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 24rem), 1fr)); gap: 0 2.5rem; }
.leak { border-left: .35rem solid rgb(var(--bad)); padding: .2rem .8rem; }
"""


def card(store: Store, run: Run) -> str:
    """Returns the card of a run with a result as one HTML file."""
    result = run.result
    assert result is not None
    history = store.history(run.id)
    parts = [f"<header><h1>{_text(run.name)}</h1><p>{_text(_summary(run))}</p>{_figures(run, result)}{_warnings(run)}</header>"]
    if history.epochs:
        plots = curve(history, "accuracy") + curve(history, "loss")
        parts.append(_section(_("How it learned"), f'<div class="plots">{plots}</div>'))
    if result.confusion_matrix is not None:
        parts.append(_section(_("What it takes for what"), matrix_table(result.confusion_matrix, result.classes)))
        parts.append(_section(_("Each class"), class_table(result.confusion_matrix, result.classes)))
    recipe, facts = _section(_("Recipe"), _knobs(run)), _section(_("Where it comes from"), _facts(store, run, result))
    parts.append(f'<div class="columns">{recipe}{facts}</div>')
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{_text(run.name)}</title><style>{STYLE}</style></head>\n<body>\n" + "\n".join(parts) + "\n</body></html>\n"
    )


def _text(words: str) -> str:
    return html.escape(words)


def _section(title: str, body: str) -> str:
    return f"<section><h2>{_text(title)}</h2>{body}</section>"


def _summary(run: Run) -> str:
    chosen, photos = run.recipe.chosen, dataset_title(run.recipe.dataset)
    return _("{network} on {photos}. {sentence}").format(network=chosen.title, photos=photos, sentence=_(chosen.sentence))


def _figures(run: Run, result: Result) -> str:
    tested = accuracy_words(run, _("not tested"))
    about_test = _("test accuracy (95 % interval), {count} photos").format(count=f"{result.test_photos:,}")
    about_validation = _("validation accuracy, best epoch {best} of {epochs}").format(
        best=result.best_epoch + 1, epochs=result.epochs_run
    )
    learn = _("of {total} parameters train").format(total=f"{result.total_parameters:,}")
    pairs = [
        (tested, about_test),
        (percent(result.val_accuracy), about_validation),
        (duration(result.seconds), _("in all, training {time}").format(time=duration(result.seconds_training))),
        (f"{result.trainable_parameters:,}", learn),
    ]
    pairs += [(column.written(Finished(run)), _(column.title)) for column in quality_columns(Finished(run))]
    return (
        '<div class="figures">' + "".join(f"<div><b>{_text(figure)}</b>{_text(words)}</div>" for figure, words in pairs) + "</div>"
    )


def _warnings(run: Run) -> str:
    sentences = []
    if run.recipe.split == "lecture":
        sentences.append(_("The test accuracy is too high: with the lecture's split all test photos were seen in training."))
    if run.recipe.seen_before:
        sentences.append(_(run.recipe.seen_before))
    if run.message:
        sentences.append(run.message)
    return "".join(f'<p class="leak">{_text(sentence)}</p>' for sentence in sentences)


def _knobs(run: Run) -> str:
    """All knobs; those that differ from the network's default are bold."""
    mine = run.recipe.to_query()
    rows = "".join(
        f'<tr><th scope="row">{_text(_(KNOBS[name].label))}</th><td{" class=mine" if name in mine else ""}>'
        f"{_text(as_text(value))}</td></tr>"
        for name, value in run.recipe.model_dump().items()
    )
    caption = _text(_("Bold: what is not this network's default."))
    return f'<table class="knobs"><caption>{caption}</caption><tbody>{rows}</tbody></table>'


def _facts(store: Store, run: Run, result: Result) -> str:
    entry = DATASETS.get(run.recipe.dataset)
    chosen = run.recipe.chosen
    trained = result.timing.machine if result.timing is not None else _("not recorded")
    facts = [
        (_("Run"), f"{run.id}, {_day(run.ended_s)}"),
        *_source(store, run),
        (_("Photos"), dataset_title(run.recipe.dataset)),
        (_("Source of the photos"), entry.credit if entry else _("own photos")),
        (_("Licence of the photos"), entry.licence if entry else _("that of whoever took them: ask before you share them")),
        (_("Classes, in the order of the answers"), ", ".join(result.classes)),
        (_("Network"), f"{chosen.source}" + (f" ({chosen.year})" if chosen.year else "")),
        (_("Trained on"), trained),
        (_("Frozen layers computed in"), result.precision),
        (_("Card made"), f"{_day(time.time())}, {machine_name()}"),
        _versions(result),
    ]
    rows = "".join(f'<tr><th scope="row">{_text(name)}</th><td>{_text(value)}</td></tr>' for name, value in facts)
    return f'<table class="knobs"><tbody>{rows}</tbody></table>'


def _source(store: Store, run: Run) -> list[tuple[str, str]]:
    """The run that it starts from, by its name."""
    if run.recipe.start_from is None:
        return []
    try:
        name = store.get(run.recipe.start_from).name
    except UnknownRun:
        name = _("a run that was deleted")
    return [(_("Goes on from"), f"{name} ({run.recipe.start_from})")]


def _day(seconds: float | None) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(seconds)) if seconds is not None else "–"


def _versions(result: Result) -> tuple[str, str]:
    """Those that trained it; where they were not recorded, those of where the card is made, called so."""
    title = _("Versions where the card was made") if result.versions is None else _("Versions that trained it")
    return title, ", ".join(f"{name} {version}" for name, version in (result.versions or versions_here()).items())
