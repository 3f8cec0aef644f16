"""Size and times of the report: `python -m benchmarks.report`.

With `--browser`, Chromium opens the large one and chooses a feature (extra `browser`).
"""

import argparse
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.ensemble import RandomForestClassifier

from wisca_xai import LimeExplainer, WISCAExplainer

PANEL = (("shap", "shap"), ("lime", LimeExplainer(n_samples=500)), "permutation", "forest")


def explained(n_features: int, n_rows: int, n_classes: int) -> Any:
    """A result with random names and values that all differ."""
    rng = np.random.default_rng(0)
    names = [f"measurement number {j}" for j in range(n_features)]
    X = pd.DataFrame(rng.normal(size=(n_rows, n_features)), columns=names)
    if n_classes == 1:
        explainer = WISCAExplainer(_linear, explainers=PANEL, random_state=0)
        return explainer.fit(X[:200]).explain(X)
    y = np.digitize(X.iloc[:, 0] + X.iloc[:, 1] * X.iloc[:, 2], [-0.5, 0.5])
    model = RandomForestClassifier(30, random_state=0).fit(X, y)
    explainer = WISCAExplainer(model, explainers=PANEL, random_state=0)
    return explainer.fit(X[:200], y[:200]).explain(X, y, target="all")


def _linear(table: pd.DataFrame) -> Any:
    return table.to_numpy() @ (1.0 / np.arange(1, table.shape[1] + 1))


def measure(name: str, found: Any, path: Path, **options: Any) -> None:
    """Print size and seconds, the second time, when the templates are compiled."""
    found.to_html(**options)
    start = time.perf_counter()
    found.to_html(path, **options)
    seconds = time.perf_counter() - start
    print(f"{name:40s} {path.stat().st_size / 1000:8.0f} KB {seconds:6.2f} s")


def browse(path: Path) -> None:
    """Print the seconds until the page is ready, and until a click is answered."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        page = chromium.new_context(offline=True).new_page()
        start = time.perf_counter()
        page.goto(path.as_uri())
        page.locator("#feature-panels svg").first.wait_for()
        opened = time.perf_counter() - start
        clicks = page.evaluate(
            """() => {
              const chosen = document.getElementById("feature");
              const row = document.getElementById("row");
              const times = [];
              for (const [select, value] of [[chosen, 3], [row, 7], [chosen, 5], [row, 9]]) {
                const start = performance.now();
                select.value = value;
                select.dispatchEvent(new Event("change"));
                document.body.getBoundingClientRect();
                times.push(performance.now() - start);
              }
              return Math.max(...times);
            }"""
        )
        chromium.close()
    print(f"{'Chromium: opens; slowest of four clicks':40s} {opened:.2f} s; {clicks:.0f} ms")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--browser", action="store_true", help="open the large one in Chromium")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "report.html"
        measure("30 features x 500 rows x 3 classes", explained(30, 500, 3), path)
        large = explained(200, 2000, 1)
        measure("200 features x 2000 rows", large, path, max_rows=2000)
        if arguments.browser:
            browse(path)


if __name__ == "__main__":
    main()
