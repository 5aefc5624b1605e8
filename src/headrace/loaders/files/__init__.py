"""What destinations made of files share: where a file goes, what is in it, how it is replaced."""
