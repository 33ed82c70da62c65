"""The house in numbers: what `scripts/check` prints and `tests/test_architecture.py` holds.

    python -m tests.house

Each number stands beside what it was before the house was rebuilt (commit 3887451) and what the plan wants.
"""

from __future__ import annotations

import ast
import re
import statistics
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
LONGEST_MODULE = 350
MOST_FILES, MOST_PARAMETERS, MOST_COMPLEX, MOST_METHODS = 12, 7, 20, 25
DRAWING = ("reid/synthetic/", "reid/pages/plots.py", "reid/images/annotating.py")
"""Functions that draw take as many measures as a picture has."""
MANY_PARAMETERS = frozenset({"enroll", "import_photos", "evaluate", "query", "seasons", "correct_photos", "set_embedding_net"})
"""Public functions and methods of more than seven parameters, for which the list may only shrink."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class House:
    """All Python files of a package, parsed: name (`reid/store/gallery.py`) to text and tree."""

    texts: dict[str, str]
    trees: dict[str, ast.Module] = field(repr=False)

    @property
    def names(self) -> list[str]:
        return list(self.texts)


@cache
def house(root: Path = ROOT) -> House:
    texts = {path.relative_to(root).as_posix(): path.read_text("utf-8") for path in sorted((root / "reid").rglob("*.py"))}
    return House(texts, {name: ast.parse(text, name) for name, text in texts.items()})


def code(names: list[str]) -> list[str]:
    """Without the files that only say what a folder is."""
    return [name for name in names if not name.endswith(("__init__.py", "__main__.py"))]


def functions(tree: ast.AST) -> Iterator[Function]:
    yield from (node for node in ast.walk(tree) if isinstance(node, Function))


# ---------------------------------------------------------------- files and imports


def fullest_folder() -> tuple[int, str]:
    """(count, name) of the folder with the most code files."""
    counts: dict[str, int] = defaultdict(int)
    for name in code(house().names):
        counts[str(Path(name).parent)] += 1
    return max((count, folder) for folder, count in counts.items() if folder != "reid")


def imported(name: str) -> set[str]:
    """The files of the package that a file imports, inside functions and for types too."""
    everything = set(house().names)
    result = set()
    for node in ast.walk(house().trees[name]):
        modules: list[str] = []
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            modules = [f"{node.module}.{alias.name}" for alias in node.names]
        for module in modules:
            for candidate in (module, module.rpartition(".")[0]):
                path = candidate.replace(".", "/")
                hits = {f"{path}.py", f"{path}/__init__.py"} & everything
                if hits:
                    result |= hits
                    break
    return result - {name}


def circles() -> list[list[str]]:
    """Groups of files that import each other, directly or by others (strongly connected, Tarjan 1972)."""
    graph = {name: sorted(imported(name)) for name in house().names}
    number: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    result: list[list[str]] = []

    def visit(name: str) -> None:
        number[name] = low[name] = len(number)
        stack.append(name)
        for other in graph[name]:
            if other not in number:
                visit(other)
            if other in stack:
                low[name] = min(low[name], low[other])
        if low[name] == number[name]:
            members = [stack.pop()]
            while members[-1] != name:
                members.append(stack.pop())
            if len(members) > 1:
                result.append(sorted(members))

    for name in graph:
        if name not in number:
            visit(name)
    return result


def near_the_limit() -> list[str]:
    return [name for name, text in house().texts.items() if len(text.splitlines()) > LONGEST_MODULE - 15]


def public_functions() -> dict[str, str]:
    """Each verb of `reid.__all__` with the file that holds it."""
    import reid

    homes = reid._HOMES
    return {name: homes[name].replace(".", "/") + ".py" for name in reid.__all__ if name in homes and name[0].islower()}


def unmarked_verbs() -> list[str]:
    """Public functions in a file that its room does not name as a verb (`VERBS` in its `__init__`)."""
    return [name for name, path in public_functions().items() if Path(path).stem not in verbs(str(Path(path).parent))]


def verbs(room: str) -> tuple[str, ...]:
    tree = house().trees.get(f"{room}/__init__.py")
    for node in tree.body if tree else ():
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "VERBS":
            return tuple(ast.literal_eval(node.value))
    return ()


def untested() -> list[str]:
    """Code files without a test file of their name in the same place of `tests/`."""
    tests = {path.relative_to(ROOT / "tests").as_posix() for path in (ROOT / "tests").rglob("test_*.py")}
    missing = []
    for name in code(house().names):
        place = Path(name).relative_to("reid")
        if (place.parent / f"test_{place.name}").as_posix() not in tests:
            missing.append(name)
    return missing


# ---------------------------------------------------------------- functions and classes


def complexity(node: Function) -> int:
    """Cyclomatic complexity (McCabe 1976): one, and one more for each branch; a nested function counts by itself.

    Branches: if, loops, handlers, cases, `and`/`or`, conditional expressions, comprehensions and their conditions.
    """
    count = 1
    waiting: list[ast.AST] = list(node.body)
    while waiting:
        item = waiting.pop()
        if isinstance(item, Function | ast.ClassDef | ast.Lambda):
            continue
        if isinstance(item, ast.BoolOp):
            count += len(item.values) - 1
        elif isinstance(item, ast.comprehension):
            count += 1 + len(item.ifs)
        elif isinstance(item, ast.If | ast.IfExp | ast.For | ast.AsyncFor | ast.While | ast.ExceptHandler | ast.match_case):
            count += 1
        waiting += ast.iter_child_nodes(item)
    return count


def too_complex() -> list[str]:
    """Functions of a complexity above the limit, the worst first."""
    rows = [(complexity(node), f"{name}:{node.name}") for name, tree in house().trees.items() for node in functions(tree)]
    return [f"{where} ({count})" for count, where in sorted(rows, reverse=True) if count > MOST_COMPLEX]


def many_parameters() -> list[str]:
    """Library functions with more than seven parameters; commands and drawing left out."""
    result = []
    for name, tree in house().trees.items():
        if name.startswith(("reid/cli/", *DRAWING)):
            continue
        for node in functions(tree):
            arguments = [argument.arg for argument in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)]
            if len([argument for argument in arguments if argument not in ("self", "cls")]) > MOST_PARAMETERS:
                result.append(f"{name}:{node.name}")
    return result


def body_lengths() -> list[int]:
    lengths = []
    for tree in house().trees.values():
        for node in functions(tree):
            start = node.body[bool(ast.get_docstring(node)) and len(node.body) > 1].lineno
            lengths.append((node.end_lineno or start) - start + 1)
    return sorted(lengths)


def classes() -> dict[str, list[tuple[str, ast.ClassDef]]]:
    result: dict[str, list[tuple[str, ast.ClassDef]]] = defaultdict(list)
    for name, tree in house().trees.items():
        for node in tree.body:
            if isinstance(node, ast.ClassDef):
                result[node.name].append((name, node))
    return result


def largest_spread_object() -> tuple[int, int, str]:
    """(methods, files, name) of the class with the most methods of its own and of the bases it inherits in other files."""
    known = classes()

    def parts(file: str, node: ast.ClassDef, seen: frozenset[str]) -> list[tuple[str, ast.ClassDef]]:
        result = [(file, node)]
        for base in node.bases:
            name = ast.unparse(base).split("[")[0].split(".")[-1]
            homes = known.get(name, [])
            same = [home for home in homes if home[0] == file]  # a private class of the same name elsewhere is another one
            for home in same or [home for home in homes if not name.startswith("_")]:
                if home[0] + name not in seen:
                    result += parts(*home, seen | {home[0] + name})
        return result

    best = (0, 0, "")
    for name, homes in known.items():
        for file, node in homes:
            pieces = parts(file, node, frozenset({file + name}))
            protocol = any("Protocol" in ast.unparse(base) for _, piece in pieces for base in piece.bases)
            if len({place for place, _ in pieces}) > 1 and not protocol:
                methods = sum(isinstance(item, Function) for _, piece in pieces for item in piece.body)
                best = max(best, (methods, len({place for place, _ in pieces}), name))
    return best


def twice(kind: str) -> dict[str, list[str]]:
    """Public names of classes ("class") or module constants ("constant") that stand in two files."""
    homes: dict[str, list[str]] = defaultdict(list)
    for name, tree in house().trees.items():
        for node in tree.body:
            for bound in _bound(node, kind):
                if not bound.startswith("_"):
                    homes[bound].append(name)
    return {bound: files for bound, files in homes.items() if len(files) > 1}


def _bound(node: ast.stmt, kind: str) -> list[str]:
    if kind == "class":
        return [node.name] if isinstance(node, ast.ClassDef) else []
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    names = [target.id for target in targets if isinstance(target, ast.Name)]
    return [name for name in names if name.isupper() and name != "VERBS"]


def hidden_names() -> list[str]:
    """Parameters and variables of functions that hide a name of their module."""
    result = []
    for name, tree in house().trees.items():
        top = _top_names(tree)
        for node in functions(tree):
            arguments = {argument.arg for argument in ast.walk(node.args) if isinstance(argument, ast.arg)}
            stored = {item.id for item in ast.walk(node) if isinstance(item, ast.Name) and isinstance(item.ctx, ast.Store)}
            shared = {hit for item in ast.walk(node) if isinstance(item, ast.Global) for hit in item.names}
            result += [f"{name}:{node.name}: {hit}" for hit in sorted(((arguments | stored) - shared) & top)]
    return result


def _top_names(tree: ast.Module) -> set[str]:
    names: set[str] = set()
    for node in tree.body:
        if isinstance(node, ast.ClassDef | Function):
            names.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names |= {(alias.asname or alias.name).split(".")[0] for alias in node.names}
        elif isinstance(node, ast.Assign):
            names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return names


# ---------------------------------------------------------------- calls and words


def calls() -> Iterator[tuple[str, ast.Call]]:
    for name, tree in house().trees.items():
        yield from ((name, node) for node in ast.walk(tree) if isinstance(node, ast.Call))


def keyed_by_id() -> list[str]:
    return [
        f"{name}:{node.lineno}"
        for name, node in calls()
        if isinstance(node.func, ast.Name) and node.func.id == "id" and node.args
    ]


def hand_written_swaps() -> list[str]:
    """Calls that put one file in the place of another, outside `reid/files.py`."""
    result = []
    for name, node in calls():
        if name == "reid/files.py" or not isinstance(node.func, ast.Attribute):
            continue
        of_os = ast.unparse(node.func) in ("os.replace", "os.rename", "os.renames", "shutil.move")
        of_path = node.func.attr in ("replace", "rename") and len(node.args) == 1 and not node.keywords
        if of_os or of_path:
            result.append(f"{name}:{node.lineno}")
    return result


def photo_openers() -> list[str]:
    """Files that open photos for the nets: one is wanted, `steps/embedded_photos.py`."""
    users = {name for name, node in calls() if ast.unparse(node.func).split(".")[-1] == "open_photos"}
    return sorted(users)


def homes_of(constant: str) -> list[str]:
    return [name for name, tree in house().trees.items() if any(constant in _bound(node, "constant") for node in tree.body)]


def words(word: str) -> tuple[int, int]:
    """How often a word stands in `reid/`: (as a name of code, in prose)."""
    pattern = re.compile(rf"(?<![A-Za-z]){word}(?![a-z])")
    names = total = 0
    for name, tree in house().trees.items():
        total += len(pattern.findall(house().texts[name]))
        for node in ast.walk(tree):
            bound = [getattr(node, key, None) for key in ("id", "attr", "arg", "name")]
            names += sum(item == word for item in bound)
    return names, max(total - names, 0)


# ---------------------------------------------------------------- the table


@dataclass(frozen=True)
class Row:
    """One number: what it was, what is wanted, and how it is counted."""

    what: str
    before: str
    goal: str
    now: Callable[[], object]


def _spread() -> str:
    methods, files, name = largest_spread_object()
    return f"{methods} in {files} files ({name})" if methods else "none"


def _bodies() -> str:
    lengths = body_lengths()
    return f"{statistics.median(lengths):.0f}, {lengths[int(0.9 * len(lengths))]}"


def _told() -> str:
    names, prose = words("told")
    return f"{names} as a name, {prose} in prose"


def _streams() -> str:
    return f"{len(photo_openers())}; {len(homes_of('BATCH'))}"


def _untested() -> str:
    return f"{len(untested())} of {len(code(house().names))}"


def _unlisted_parameters() -> str:
    rows = [row for row in many_parameters() if row.split(":")[1] not in MANY_PARAMETERS]
    return f"{len(rows)} beside the {len(MANY_PARAMETERS)} public ones"


TABLE = (
    Row("code files in the fullest folder", "47", "12", lambda: "{} ({})".format(*fullest_folder())),
    Row("import circles between files", "4, of 10 files", "0", lambda: len(circles())),
    Row("public functions in files that their room does not name as verbs", "26 of 47 files", "0", lambda: len(unmarked_verbs())),
    Row("files that open photos for the nets; homes of BATCH", "9; 10", "1; 1", _streams),
    Row("hand-written atomic writes", "17 in 12 files", "0 outside files.py", lambda: len(hand_written_swaps())),
    Row("functions of cyclomatic complexity above 20", "18, highest 43", "0", lambda: len(too_complex())),
    Row("library functions with more than seven parameters", "12, longest 16", "the 7 public ones", _unlisted_parameters),
    Row("median and 90th percentile of a function's body, lines", "6, 19", "the same", _bodies),
    Row("methods of the largest object spread over files", "72 in 4 files", "at most 25, in one file", _spread),
    Row("files within 15 lines of the limit of 350, or above", "8", "at most 2", lambda: len(near_the_limit())),
    Row("public class names in two files", "19", "0", lambda: len(twice("class"))),
    Row("public constants in two files", "21", "0", lambda: len(twice("constant"))),
    Row("uses of id() as a key", "25 in 9 files", "0", lambda: len(keyed_by_id())),
    Row("names hidden by a parameter or variable", "28", "0", lambda: len(hidden_names())),
    Row("files without a test file of their name", "101 of 208", "at most 20", _untested),
    Row("`told` in reid/", "597", "0 as a name, below 20 in prose", _told),
)  # fmt: skip


def main() -> None:
    rows = [("measure", "before", "goal", "now"), *((row.what, row.before, row.goal, str(row.now())) for row in TABLE)]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


if __name__ == "__main__":
    main()
