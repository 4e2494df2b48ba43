"""The few line icons of the pages, drawn here so that none comes from elsewhere."""

from allinone.extension.pages.markup import Html, element, join

FAVICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64"><rect width="64" height="64" rx="15" fill="#0b6157"/>'
    '<path d="M14 24v-6a4 4 0 0 1 4-4h6M40 14h6a4 4 0 0 1 4 4v6M50 40v6a4 4 0 0 1-4 4h-6M24 50h-6a4 4 0 0 1-4-4v-6"'
    ' fill="none" stroke="#fff" stroke-width="4.5" stroke-linecap="round"/>'
    '<path d="M22 26h20M22 33h20M22 40h12" stroke="#ffd978" stroke-width="4.5" stroke-linecap="round"/></svg>'
)

_PATHS = {
    "search": ("M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13Z", "m15.5 15.5 5 5"),
    "close": ("M6 6l12 12", "M18 6 6 18"),
    "back": ("M19 12H5", "m11 6-6 6 6 6"),
    "previous": ("m14.5 5-7 7 7 7",),
    "next": ("m9.5 5 7 7-7 7",),
    "copy": ("M9 9h10v11H9z", "M15 9V4H5v11h4"),
    "download": ("M12 4v11", "m7 11 5 5 5-5", "M5 20h14"),
    "refresh": ("M19.5 12a7.5 7.5 0 1 1-2.2-5.3", "M19.5 3.5v4h-4"),
    "warning": ("M12 4 2.8 20h18.4L12 4Z", "M12 10v4.5", "M12 17.2v.1"),
    "info": ("M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18Z", "M12 11v5.5", "M12 7.6v.1"),
    "leave": ("M10 4H5v16h5", "M10.5 12H21", "m16.5 7.5 4.5 4.5-4.5 4.5"),
    "play": ("M8 5.5v13l11-6.5-11-6.5Z",),
}


def icon(name: str) -> Html:
    """A line icon; decoration only, so hidden from screen readers."""
    paths = join(*(element("path", d=path) for path in _PATHS[name]))
    return element(
        "svg",
        paths,
        class_=f"icon icon-{name}",
        viewBox="0 0 24 24",
        fill="none",
        stroke="currentColor",
        stroke_width=1.8,
        stroke_linecap="round",
        stroke_linejoin="round",
        aria_hidden="true",
        focusable="false",
    )
