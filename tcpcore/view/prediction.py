"""A prediction before a run: options to choose from, and the truth, folded away until asked for.

The reader's choice is kept in the browser and compared when the answer is opened
(``static/predict.js``).  Without JavaScript the options and the folded answer remain.
"""

from __future__ import annotations

import html
from collections.abc import Mapping
from typing import Any

from tcpcore.view.shown import Shown


def predict(
    key: str, question: str, options: Mapping[str, Any], *, truth: Any, because: str = ""
) -> Shown:
    """Ask before the run; `options` maps what the reader may choose to the value that it means.

    `truth` is what the run gave: the option with that value is the right one.  `ValueError` when
    not exactly one option has it: then question and run have parted ways.
    """
    right = [index for index, value in enumerate(options.values()) if value == truth]
    if len(right) != 1:
        raise ValueError(f"prediction {key}: {len(right)} options mean {truth!r}, not one")
    labels = list(options)
    return Shown(
        _html(key, question, labels, right[0], because), _text(question, labels, right[0], because)
    )


def _html(key: str, question: str, labels: list[str], right: int, because: str) -> str:
    name = f"predict-{html.escape(key)}"
    rows = "".join(
        f"<label><input type='radio' name='{name}' value='{index}'> <span>{_inline(label)}</span>"
        "</label>"
        for index, label in enumerate(labels)
    )
    return (
        f"<div class='tcpfig predict' id='{name}' data-right='{right}'>"
        f"<fieldset><legend><b>Predict</b> {_inline(question)}</legend>{rows}</fieldset>"
        "<details><summary>Compare with the run</summary>"
        f"<p class='verdict' role='status'></p><p><b>{_inline(labels[right])}</b></p>"
        f"<p>{_inline(because)}</p></details></div>"
    )


def _inline(text: str) -> str:
    """Plain text with ``code`` between backquotes."""
    parts = html.escape(text, quote=False).split("`")
    return "".join(
        f"<code>{part}</code>" if index % 2 else part for index, part in enumerate(parts)
    )


def _text(question: str, labels: list[str], right: int, because: str) -> str:
    options = "\n".join(f"  ( ) {label}" for label in labels)
    return f"Predict: {question}\n{options}\nAnswer: {labels[right]}. {because}".rstrip()
