"""Tables of docs/study.md from a finished study: `python -m benchmarks.study wisca-study`.

The default consensus was chosen on every second table and the seeds 0 to 2. What counts is how it
does elsewhere: on the other tables, and on seeds that were drawn afterwards.
"""

import argparse
from pathlib import Path

import pandas as pd

from wisca_xai.datasets import DATASETS
from wisca_xai.study import regrets, summarise

TUNED = tuple(DATASETS)[1::2]
N_TUNED_SEEDS = 3


def print_table(title: str, scores: pd.DataFrame, truth: str, kinds: list[str]) -> None:
    summary = summarise(scores[scores["kind"].isin([*kinds, "explainer"])], truth=truth)
    summary = summary.sort_values(["score", "method"], ascending=[False, True])
    print(f"\n{title}, average precision of the truth of the {truth}")
    print(summary.to_string(index=False, float_format="{:.3f}".format))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    scores = pd.read_csv(parser.parse_args().folder / "scores.csv")
    cells = scores.drop_duplicates(["dataset", "model", "seed"])
    print(f"{len(cells)} cells, {int(cells['valid'].sum())} valid; tuned on {', '.join(TUNED)}")
    tuned, new = scores["dataset"].isin(TUNED), scores["seed"] >= N_TUNED_SEEDS
    main_kinds = ["consensus", "published"]
    print_table("All valid cells", scores, "data", main_kinds)
    print_table("Other tables and all seeds", scores[~tuned], "data", ["consensus"])
    print_table("New seeds, all tables", scores[new], "data", ["consensus"])
    print_table("New seeds, other tables", scores[new & ~tuned], "data", ["consensus"])
    print_table("All valid cells", scores, "model", main_kinds)
    print_table("Where the truth differs by row", scores, "row", ["consensus"])
    print_table("Ablations", scores, "data", ["ablation"])
    print_table("Ablations", scores, "model", ["ablation"])
    by_cell = regrets(scores)
    ours = by_cell[(by_cell["kind"] == "consensus") & (by_cell["method"] == "wisca")]
    print("\nLargest regrets of wisca")
    print(ours.nlargest(10, "regret").to_string(index=False, float_format="{:.3f}".format))
    by_table = by_cell[by_cell["kind"] != "published"].pivot_table(
        "score", index="dataset", columns="method"
    )
    shown = ["wisca", "wisca_signed", "mean", "mean_rank", "shap", "lime", "permutation", "forest"]
    print("\nMean score by table")
    print(by_table[shown].to_string(float_format="{:.3f}".format))


if __name__ == "__main__":
    main()
