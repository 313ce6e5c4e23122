"""QR codes as SVG that grows and shrinks with its box; the box (`.qr`) brings the white paper."""

from markupsafe import Markup


def draw(address: str) -> Markup:
    """Return the code of an address, dark in every theme, without styles of its own."""
    # Its tables take 70 ms, and no process but the console's ever draws one.
    import segno  # noqa: PLC0415 -- as said

    code = segno.make(address, error="m", micro=False)
    return Markup(code.svg_inline(border=2, omitsize=True, dark="#000"))  # noqa: S704 -- drawn here
