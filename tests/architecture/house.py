"""The repository as the architecture tests see it: its files, and its Python parsed."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "headrace"
SLICES = tuple(sorted(path.parent.name for path in SOURCE.glob("*/routes.py")))
_NOT_OURS = {"__pycache__", "dist", "build"}


@dataclass(frozen=True)
class Module:
    """One Python file. `name` is its path from the root of the repository."""

    path: Path

    @property
    def name(self) -> str:
        return self.path.relative_to(ROOT).as_posix()

    @cached_property
    def text(self) -> str:
        return self.path.read_text()

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @cached_property
    def nodes(self) -> list[ast.AST]:
        return list(ast.walk(self.tree))

    def functions(self) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
        """Every function and method, inner ones too."""
        for node in self.nodes:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield node

    def imports(self) -> Iterator[str]:
        """The full names of what it imports: `x.y` for `from x import y` and `import x.y`."""
        for node in self.nodes:
            if isinstance(node, ast.Import):
                yield from (item.name for item in node.names)
            elif isinstance(node, ast.ImportFrom):
                yield from (f"{node.module}.{item.name}" for item in node.names)

    def calls(self) -> Iterator[tuple[str, int]]:
        """Each call's dotted name, as written, and its line."""
        for node in self.nodes:
            if isinstance(node, ast.Call):
                yield dotted(node.func), node.lineno


@cache
def modules(folder: str = "src/headrace") -> list[Module]:
    """Every Python file below a folder."""
    return [Module(path) for path in files(folder, ".py")]


@cache
def files(folder: str = ".", suffix: str = "") -> list[Path]:
    """Every file of the repository below a folder: what tools have left is not counted."""
    found = []
    for path in sorted((ROOT / folder).rglob(f"*{suffix}")):
        parts = path.relative_to(ROOT).parts
        made = any(part in _NOT_OURS or part.endswith(".egg-info") for part in parts)
        hidden = any(part.startswith(".") and part != ".ci" for part in parts[:-1])
        if path.is_file() and not made and not hidden:
            found.append(path)
    return found


def dotted(node: ast.expr) -> str:
    """Write a name such as `session.commit`; what is no name becomes `?`."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return "?"
