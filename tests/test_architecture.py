"""The house: what import-linter's contracts in pyproject.toml cannot say, and that they are kept."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import ROOT

TENSORFLOW_ROOM = {"tensorflow", "keras", "tensorflow_datasets"}
SLOW = {"plotly", "sklearn", "pandas", "scipy", "jinja2"}


def sources(folder: str) -> Iterator[Path]:
    """All Python files of a folder, or the file itself."""
    path = ROOT / folder
    yield from [path] if path.is_file() else sorted(path.rglob("*.py"))


def imports(path: Path, *, top_level_only: bool = False) -> set[str]:
    """Full names of the modules that a file imports."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    nodes = tree.body if top_level_only else list(ast.walk(tree))
    found: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def packages(names: set[str]) -> set[str]:
    """First part of each name."""
    return {name.split(".")[0] for name in names}


def core() -> list[Path]:
    """The package without its TensorFlow room and its Streamlit room."""
    rooms = (ROOT / "flowerlab" / "trainer", ROOT / "flowerlab" / "ui")
    return [path for path in sources("flowerlab") if not any(room in path.parents for room in rooms)]


def test_pages_know_no_tensorflow_and_no_trainer() -> None:
    """Pages and the entry, which stand outside the package and its contracts, import neither TensorFlow nor the trainer."""
    files = [*sources("pages"), *sources("streamlit_app.py")]
    assert len(files) > 5
    for path in files:
        assert not packages(imports(path)) & TENSORFLOW_ROOM, path
        assert not [name for name in imports(path) if name.startswith("flowerlab.trainer")], path


def test_a_page_reads_no_parts_of_another_page() -> None:
    """A file of pages/ imports parts of its own folder in `flowerlab.ui`, and of those that several pages share."""
    shared = {"base", "widgets", "confusion", "explain", "app"}
    for path in sources("pages"):
        rooms = {name.split(".")[2] for name in imports(path) if name.startswith("flowerlab.ui.")}
        assert rooms <= shared | {path.stem}, path


def test_the_contracts_of_arrows_are_kept() -> None:
    """Each floor reads only what stands below it, nobody imports the trainer, pages do not read each other (pyproject.toml)."""
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"]
    told = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert told.returncode == 0, told.stdout
    assert "0 broken" in told.stdout


def test_tools_stand_on_what_tests_stand_on() -> None:
    """A test may call a tool. A tool reads no test, and what both stand on, `tests/support` and the hostile inputs, reads no tool."""
    ground = [path for path in sources("tests/support") if not path.name.startswith("test_")]
    for path in ground:
        assert "tools" not in packages(imports(path)), path
    for path in sources("tools"):
        read = {name for name in imports(path) if name.startswith("tests.")}
        assert all(name.startswith("tests.support.") and ".test_" not in name for name in read), path


def test_slow_libraries_are_imported_where_they_are_used() -> None:
    """Plotly, scikit-learn, SciPy and pandas are imported inside functions, so that the first page comes fast."""
    for path in [*core(), *sources("flowerlab/ui"), *sources("pages"), *sources("streamlit_app.py")]:
        assert not packages(imports(path, top_level_only=True)) & SLOW, path


def test_only_the_store_speaks_sql() -> None:
    """SQLite is imported in one folder."""
    users = [path for path in sources("flowerlab") if "sqlite3" in packages(imports(path))]
    assert users
    assert {path.parent for path in users} == {ROOT / "flowerlab" / "store"}


@pytest.mark.parametrize("module", ["flowerlab.lab", "flowerlab.cli"])
def test_importing_the_lab_loads_nothing_heavy(module: str) -> None:
    """Neither TensorFlow nor a slow library is loaded by importing what pages and the command line call."""
    code = f"import sys, {module}; print(sorted({{name.split('.')[0] for name in sys.modules}}))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT).stdout
    assert not set(ast.literal_eval(found)) & (TENSORFLOW_ROOM | SLOW | {"streamlit"})


def test_parts_of_a_page_speak_the_viewers_language() -> None:
    """Only `flowerlab.ui.base.fragments` uses Streamlit's fragments: it chooses the language before a part draws itself again."""
    users = [
        path
        for path in [*sources("flowerlab"), *sources("pages"), *sources("streamlit_app.py")]
        if "streamlit" in packages(imports(path))
        and any(
            (isinstance(node, ast.Attribute) and node.attr == "fragment")
            or (isinstance(node, ast.ImportFrom) and "streamlit" in (node.module or "") and "fragment" in str(node.names))
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        )
    ]
    assert users == [ROOT / "flowerlab" / "ui" / "base" / "fragments.py"]


def test_streamlits_undocumented_sides_are_in_one_file() -> None:
    """Only `flowerlab.ui.base.streamlit_seams` imports modules of Streamlit beneath `streamlit`, or names what its page is built of."""
    seams = ROOT / "flowerlab" / "ui" / "base" / "streamlit_seams.py"

    def undocumented(path: Path) -> list[str]:
        deep = [name for name in imports(path) if re.match(r"streamlit\.[a-z_]+(\.|$)", name)]
        return deep + re.findall(r"data-testid|\bst\.(?:_\w+|runtime|web|proto)\b|_streamlit\w*", path.read_text(encoding="utf-8"))

    for path in [*sources("flowerlab"), *sources("pages"), *sources("streamlit_app.py")]:
        assert path == seams or not undocumented(path), path
    assert len(undocumented(seams)) > 5


SHOWN = {"image", "echarts_chart", "plotly_chart", "dataframe", "data_editor", "table"}


def test_whatever_is_shown_has_a_text_alternative() -> None:
    """Every picture, chart and table of every page is given an `alt`."""
    calls = 0
    for path in [*sources("flowerlab/ui"), *sources("pages")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or node.func.attr not in SHOWN:
                continue
            calls += 1
            assert "alt" in {keyword.arg for keyword in node.keywords}, f"{path}:{node.lineno}"
    assert calls > 20
