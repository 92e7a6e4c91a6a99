"""The page for those who come from another client: its other half runs too.

Each block of another library runs against the simulator, those of other clients of the
gateway in an environment of their own. ``benchmarks/environments.py`` makes these;
where that was not done the tests say so.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from canary import API_KEY

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "guide" / "moving.md"
BLOCK = re.compile(
    r"^<!-- not run by itself: (\S+) -->\n```python\n(.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
MNQ = "CON.F.US.MNQ.Z26"
GATEWAY = "https://api.topstepx.com"

LEADS = {
    "project-x-py": (
        "import functools, project_x_py as p\n"
        "p.ProjectX.from_env = functools.partial(\n"
        "    p.ProjectX.from_env, config=p.ProjectXConfig(api_url={url!r} + '/api'))\n"
    ),
    "topstep-client-py": (
        "import functools, topstep\n"
        "topstep.TopstepClient.create = functools.partial(\n"
        "    topstep.TopstepClient.create, base_url={url!r})\n"
    ),
}
"""What leads a library to the simulator that has the gateway's address within it."""

FOREIGN = dict(BLOCK.findall(PAGE.read_text(encoding="utf-8")))


def python_of(name):
    """The Python that has the library."""
    if name in ("requests", "httpx"):
        return sys.executable  # they are the tests' own
    python = ROOT / ".venv-peers" / name / "bin" / "python"
    if not python.exists():
        pytest.skip(
            f"{name} has no environment (benchmarks/environments.py makes it): "
            "not tried"
        )
    return str(python)


def program(name, block, url):
    """A block as a program of its own."""
    lead = LEADS.get(name, "").format(url=url)
    body = block.replace(GATEWAY, url)
    if "await " not in body:
        return f"{lead}\n{body}\n"
    indented = "".join(f"    {line}\n" for line in body.splitlines())
    main = f"async def main():\n{indented}\nasyncio.run(main())\n"
    return f"{lead}\nimport asyncio\n\n{main}"


def test_the_page_has_each_of_them():
    assert set(FOREIGN) == {"project-x-py", "topstep-client-py", "requests", "httpx"}


@pytest.mark.parametrize("name", FOREIGN)
def test_what_the_other_library_does_is_an_order(gateway, tmp_path, name):
    python = python_of(name)
    gateway.call(lambda: gateway.gateway.tokens.keys.update(trader1=API_KEY))
    block = FOREIGN[name].replace('"key"', repr(API_KEY))
    block = block.replace("your_jwt_token", gateway.token)
    done = subprocess.run(
        [python, "-c", program(name, block, gateway.base_url)],
        capture_output=True,
        text=True,
        timeout=300,
        cwd=tmp_path,
        env=os.environ
        | {"PROJECT_X_USERNAME": "trader1", "PROJECT_X_API_KEY": API_KEY},
    )
    assert done.returncode == 0, done.stderr
    (sent,) = gateway.ledger.requests("/api/Order/place")
    order = json.loads(sent.body)
    assert (order["contractId"], order["side"], order["size"]) == (MNQ, 0, 1)
