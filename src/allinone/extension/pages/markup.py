"""HTML made of parts, in which every text is escaped: file names and recognised text are hostile input."""

from html import escape

Attribute = str | int | float | bool | None

_VOID = frozenset({"img", "input", "br"})


class Html(str):
    """Text that is HTML already. Only `element` and `join` make it."""

    __slots__ = ()


def element(tag: str, *children: Html | str, **attributes: Attribute) -> Html:
    """`<tag attributes>children</tag>`, with every child that is not `Html` escaped.

    `class_` stands for `class`, `aria_label` for `aria-label`; None and False leave an attribute out, True
    writes it without a value.
    """
    opening = f"<{tag}{''.join(_attribute(name, value) for name, value in attributes.items())}>"
    return Html(opening if tag in _VOID else f"{opening}{join(*children)}</{tag}>")


def join(*children: Html | str) -> Html:
    """The children one after the other, escaped unless they are `Html`."""
    return Html("".join(child if isinstance(child, Html) else escape(child) for child in children))


def _attribute(name: str, value: Attribute) -> str:
    if value is None or value is False:
        return ""
    written = name.rstrip("_").replace("_", "-")
    return f" {written}" if value is True else f' {written}="{escape(str(value))}"'
