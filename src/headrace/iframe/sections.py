"""The navigation of a workspace's pages, in the order in which it is shown."""

from headrace.pages.visits import Section

SECTIONS: tuple[Section, ...] = ()
