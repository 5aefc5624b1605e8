"""Request plumbing: sessions, errors, paging, the OpenAPI document."""
