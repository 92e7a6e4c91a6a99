"""The tests on every supported CPython that is installed here."""

import os
from pathlib import Path

import nox

# pyenv keeps its interpreters where PATH does not show them
PYENV = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
KEPT = sorted(str(folder) for folder in PYENV.glob("3.*/bin"))
os.environ["PATH"] = os.pathsep.join([*KEPT, os.environ["PATH"]])

nox.options.reuse_existing_virtualenvs = True
nox.options.error_on_missing_interpreters = False


@nox.session(python=["3.10", "3.11", "3.12", "3.13"])
def tests(session: nox.Session) -> None:
    """Build a wheel, install it, and run the tests against it."""
    project = nox.project.load_toml()
    session.install(
        *project["project"]["dependencies"],
        *nox.project.dependency_groups(project, "test"),
    )
    wheels = session.create_tmp()
    session.run("pip", "wheel", "--quiet", "--no-deps", "-w", wheels, ".")
    session.install(
        "--force-reinstall", "--no-deps", "--find-links", wheels, "fastorder"
    )
    root = Path(__file__).parent
    session.chdir(session.create_tmp())  # the checkout must not shadow the package
    session.run(
        "python",
        "-m",
        "pytest",
        "-n",
        "auto",
        f"--config-file={root / 'pyproject.toml'}",
        f"--rootdir={root}",
        *(session.posargs or [str(root / "tests")]),
    )
