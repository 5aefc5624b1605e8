"""What a browser may do with a page of ours: headers of every page, made in one place."""

_NOT_ALLOWED = (
    "accelerometer", "autoplay", "camera", "display-capture", "geolocation", "gyroscope", "hid",
    "magnetometer", "microphone", "midi", "payment", "serial", "usb",
)  # fmt: skip


def page_headers(nonce: str, frame_ancestors: str) -> dict[str, str]:
    """Return the headers of a page.

    Scripts are those with the page's nonce, and what they import; styles come from our own sheets,
    and from one element with the nonce, never from attributes. Forms go back to this server.

    The address is told to no other site. It is told to our own, for without a referrer browsers send
    `Origin: null` with forms, and where the write came from could not be checked (S51).

    frame_ancestors: an origin, or `'none'`.
    """
    policy = {
        "default-src": "'none'",
        "script-src": f"'nonce-{nonce}'",
        "style-src": f"'self' 'nonce-{nonce}'",
        "img-src": "'self' data:",
        "font-src": "'self'",
        "connect-src": "'self'",
        "form-action": "'self'",
        "base-uri": "'none'",
        "frame-ancestors": frame_ancestors,
    }
    headers = {
        "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        "Permissions-Policy": ", ".join(f"{name}=()" for name in _NOT_ALLOWED),
        "Referrer-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
        "Vary": "Accept-Language, Cookie, Authorization",
    }
    if frame_ancestors == "'none'":
        headers["X-Frame-Options"] = "DENY"
    return headers
