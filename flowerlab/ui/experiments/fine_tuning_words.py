"""What head and rate did in the fine-tuning experiment, in a pupil's words: only what these runs have shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from flowerlab.locale import _
from flowerlab.locale.numbers import decimals, percent, points
from flowerlab.results.simple_effects import RATES, Choice, Effect, average_gain, of_choice, told_verdict

Middle = Mapping[tuple[str, float], float]


def head_words(head: str) -> str:
    """Names a head as the labels of the arms do."""
    return {"fresh": _("Fresh head"), "trained": _("Head from B")}[head]


def effect_lines(effects: Sequence[Effect]) -> list[str]:
    """Says what each choice did at either value of the other, and its average only if both point the same way: a line a choice."""
    high, low = (decimals(rate) for rate in RATES)
    titles: dict[Choice, str] = {
        "rate": _("{low} instead of {high}:").format(low=low, high=high),
        "head": _("The head from B instead of a fresh one:"),
    }
    lines = []
    for choice, title in titles.items():
        found = of_choice(effects, choice)
        parts = "; ".join(f"{_where(effect)} {_gain(effect)}" for effect in found)
        average = average_gain(found)
        if average is None:
            ending = _("These do not point the same way: what it does depends on the other choice, and an average would hide that.")
        else:
            ending = _("On average **{gain} points**.").format(gain=points(average))
        lines.append(f"**{title}** {parts}. {ending}")
    return lines


def _where(effect: Effect) -> str:
    if effect.head is not None:
        return {"fresh": _("under a fresh head"), "trained": _("under the head from B")}[effect.head]
    return _("at {rate}").format(rate=decimals(effect.rate or 0.0))


def _gain(effect: Effect) -> str:
    sign = "🎲 " if effect.verdict == "unsure" else ""
    if effect.test.interval is None:
        return _("{sign}**{gain} points** (too few differing photos for an interval: {count})").format(
            sign=sign, gain=points(effect.gain), count=effect.test.differing
        )
    low, high = effect.test.interval
    return _("{sign}**{gain} points** ({low} to {high})").format(
        sign=sign, gain=points(effect.gain), low=points(low), high=points(high)
    )


def why_sentences(effects: Sequence[Effect], moved: Middle) -> list[str]:
    """Explains what was measured, and nothing else, in paragraphs of Markdown.

    Args:
        moved: How far the middle layer moved in each arm, by head and rate; empty if it was not measured.
    """
    return [
        _why_rate(of_choice(effects, "rate"), moved),
        _why_head(of_choice(effects, "head"), moved),
        _(
            "It is one seed, and these sentences are about these trained networks: other seeds may differ by far more, as fine-tuning "
            "at a high rate does. Repeat it with others before you trust a difference."
        ),
    ]


def _places(effects: Sequence[Effect], verdict: str) -> str:
    return _(" and ").join(_where(effect) for effect in effects if effect.verdict == verdict)


def _why_rate(effects: Sequence[Effect], moved: Middle) -> str:
    high, low = (decimals(rate) for rate in RATES)
    verdict = told_verdict(effects)
    if verdict == "unsure":
        return _("**The rate** made no difference here that is larger than chance: there is nothing to explain yet.")
    parts = []
    if verdict in ("better", "mixed"):
        parts.append(
            _(
                "**Why was {low} better {where}?** At {high} every step of Adam is large: after a few dozen batches what the layers "
                "had learnt long before can be overwritten. At {low} each step is a hundredth of that."
            ).format(low=low, high=high, where=_places(effects, "better"))
        )
        parts.append(_rate_evidence(effects, moved))
    if verdict in ("worse", "mixed"):
        parts.append(
            _(
                "**Why was {low} worse {where}?** Each step is a hundredth as large, and there were not a hundred times as many of "
                "them: what had to be learnt anew may not have been learnt yet. More epochs would show it."
            ).format(low=low, where=_places(effects, "worse"))
        )
    return " ".join(part for part in parts if part)


def _rate_evidence(effects: Sequence[Effect], moved: Middle) -> str:
    """Says whether the layers confirm the usual explanation where the low rate was better."""
    high, low = RATES
    heads = [effect.head for effect in effects if effect.verdict == "better" and effect.head is not None]
    if not moved or not heads:
        return ""
    if all(moved[head, high] > moved[head, low] for head in heads):
        return _("The layers bear this out: they moved by {high} at the high rate and by {low} at the low one.").format(
            high=_listed(moved[head, high] for head in heads), low=_listed(moved[head, low] for head in heads)
        )
    return _("But the layers did not move further at the high rate here, so that this does not explain it alone.")


def _why_head(effects: Sequence[Effect], moved: Middle) -> str:
    verdict = told_verdict(effects)
    if verdict == "unsure":
        return _("**The head** made no difference here that is larger than chance: there is nothing to explain yet.")
    parts = []
    if verdict in ("better", "mixed"):
        parts.append(
            _(
                "**Why was the head from B better {where}?** It knows the task already and had B's epochs to learn it. A fresh head "
                "knows nothing: at first its errors are large, and so are the gradients that it sends down."
            ).format(where=_places(effects, "better"))
        )
        bearing = (
            _("The layers bear the last out: they moved by {fresh} under the fresh head and by {trained} under that from B."),
            _(
                "The layers do not bear the last out: they moved by {fresh} under the fresh head and by {trained} under that from B. What "
                "is left is that it had learnt for longer."
            ),
        )
        parts.append(_evidence(effects, moved, "better", "fresh", bearing))
    if verdict in ("worse", "mixed"):
        parts.append(
            _(
                "**Why was the head from B worse {where}?** That a fresh head sends down larger gradients cannot be the reason: here "
                "the fresh head did better."
            ).format(where=_places(effects, "worse"))
        )
        bearing = (
            _(
                "The layers moved further under the head from B ({trained} against {fresh}): more of what they knew was overwritten."
            ),
            _("The layers did not move further under the head from B ({trained} against {fresh}). Another seed may tell chance."),
        )
        parts.append(_evidence(effects, moved, "worse", "trained", bearing))
    return " ".join(part for part in parts if part)


def _evidence(effects: Sequence[Effect], moved: Middle, verdict: str, further: str, words: tuple[str, str]) -> str:
    """Says whether the layers moved as the reason has it.

    Args:
        further: The head under which they should have moved further: `fresh` or `trained`.
        words: If they did, at every such rate; if not.
    """
    rates = [effect.rate for effect in effects if effect.verdict == verdict and effect.rate is not None]
    if not moved or not rates:
        return ""
    fresh, trained = (_listed(moved[head, rate] for rate in rates) for head in ("fresh", "trained"))
    other = "trained" if further == "fresh" else "fresh"
    bears = all(moved[further, rate] > moved[other, rate] for rate in rates)
    return words[0 if bears else 1].format(fresh=fresh, trained=trained)


def _listed(shares: Iterable[float]) -> str:
    return _(" and ").join(percent(share) for share in shares)
