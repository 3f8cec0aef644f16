"""A browser without a network. Without Chromium, these tests are skipped."""

import os
import shutil
from pathlib import Path

import pytest

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.fixture(scope="session")
def browser():
    library = pytest.importorskip(
        "playwright.sync_api", reason="needs playwright: pip install wisca-xai[browser]"
    )
    if CHROMIUM is None:
        pytest.skip("needs Chromium: apt-get install chromium")
    with library.sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def axe():
    """The script axe-core, from the folder that AXE_CORE names."""
    folder = os.environ.get("AXE_CORE")
    if folder is None:
        pytest.skip("needs axe-core: npm install axe-core, and AXE_CORE=node_modules/axe-core")
    return (Path(folder) / "axe.min.js").read_text(encoding="utf-8")


@pytest.fixture
def show(browser, tmp_path):
    """Open a page; at the end, it must have made no request and no error."""
    contexts = []

    def opened(text, **options):
        path = tmp_path / f"page{len(contexts)}.html"
        path.write_text(text, encoding="utf-8")
        context = browser.new_context(offline=True, **options)
        page = context.new_page()
        found = {"requests": [], "messages": []}
        page.on("request", lambda request: found["requests"].append(request.url))
        page.on("console", lambda message: found["messages"].append(message.text))
        page.on("pageerror", lambda error: found["messages"].append(str(error)))
        page.goto(path.as_uri())
        contexts.append((context, path.as_uri(), found))
        return page

    yield opened
    for context, address, found in contexts:
        context.close()
        assert found["requests"] == [address]
        assert found["messages"] == []
