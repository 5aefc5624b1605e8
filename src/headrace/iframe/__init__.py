"""The pages of a workspace, in an iframe and outside: each area of pages is a module of its own."""
