"""Measures IntentKit on data as people have it, small and unbalanced, beside LinearSVC and fastText; prints Markdown tables.

    python3 -m venv venv && venv/bin/pip install -r benches/peers/requirements.txt
    cargo build --release --bin intent
    venv/bin/python benches/peers/real.py
    venv/bin/python benches/peers/real.py --small

INTENTKIT_DATA names the folder with the data sets (default: ../shared/data). --small measures cases that are cut from CLINC150, and
what mistakes cost. Every draw has a seed, so two runs print the same figures, times apart.
"""

import argparse
import json
import os
import random
import statistics
import tempfile
from pathlib import Path

from run import ROOT  # First: it limits numpy to one thread.

import numpy as np
import systems
from measure import Data

XSID = [f"real/xsid-{language}" for language in ("en", "de-muc", "it", "tr", "zh", "ja")]
SETS = ["real/hint3-curekart", "real/hint3-powerplay11", "real/homeassistantb-en", *XSID, "real/rasa-helpdesk",
        "real/clinc-cards-near", "real/nlupp-banking", "real/nluppfew-banking", "clinc150", "banking77", "mixsnips"]
SEEDS, KEEP = (1, 2, 3), 0.95
BINS, DRAWS = 15, 1_000
ASK_BACK, FOREIGN_SHARES = 0.3, (0.05, 0.2)
FILLERS = ["please {}", "{} please", "hey {}", "um {}", "{} thanks", "can you tell me {}"]


def arguments():
    parser = argparse.ArgumentParser(description="Measures IntentKit on data as people have it.")
    parser.add_argument("--intent", type=Path, default=ROOT / "target/release/intent", help="the command line to measure")
    parser.add_argument("--sets", default=",".join(SETS), help="folders of the data sets, separated by commas")
    parser.add_argument("--small", action="store_true", help="measure the small cases and costs instead")
    parser.add_argument("--cases", default="few,templates,copies,spread,costs", help="the cases of --small to measure")
    given = parser.parse_args()
    if not given.intent.exists():
        parser.error(f"{given.intent} is missing: cargo build --release --bin intent, or give --intent")
    given.data = Path(os.environ.get("INTENTKIT_DATA", ROOT.parent / "shared/data"))
    return given


def intent(*command, **more):
    """The JSON objects that the program prints, one a line."""
    return [json.loads(line) for line in systems._run(systems.IntentKit.program, *command, "--json", **more).splitlines()]


def train(data, folder, seed=1):
    """A model file, and the training's own figures."""
    model = folder / "model.intent"
    report, = intent("train", data, "--output", model, "--seed", seed, "--quiet")
    header = model.read_bytes()
    header = json.loads(header[8 : 8 + int.from_bytes(header[:8], "little")])
    return model, {**report, **json.loads(header["__metadata__"]["intentkit"])["training"]}


def evaluate(model, data, *options):
    return intent("eval", "--model", model, data, *options)[0]


def write(path, lines):
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


def mean(values):
    return None if None in values else statistics.mean(values)


def percent(value):
    return "" if value is None else f"{100 * value:.1f}"


def decimals(value):
    return "" if value is None else f"{value:.3f}".removeprefix("0")


def row(*cells):
    print("| " + " | ".join(map(str, cells)) + " |", flush=True)


def head(*cells):
    row(*cells)
    row(*["---"] * len(cells))


def top_probabilities(model, texts):
    """The probability of the best label of each text, before any rejection; 0 if nothing in it is known."""
    answers = intent("predict", "--model", model, "--acceptance-rate", 1, "--top", 1, input="".join(f"{text}\n" for text in texts))
    return np.array([answer["labels"][0]["probability"] if answer["labels"] else 0.0 for answer in answers])


def calibrated_ece(probabilities):
    """The calibration error that one model in twenty would exceed although its probabilities are right: chance alone."""
    bins = np.minimum((probabilities * BINS).astype(int), BINS - 1)
    members = np.eye(BINS)[bins]
    draws = np.random.default_rng(1).random((DRAWS, len(probabilities))) < probabilities
    errors = np.abs((draws - probabilities) @ members).sum(axis=1) / len(probabilities)
    return float(np.quantile(errors, 0.95))


def measure(data, folder, seed):
    """What one training comes to on the test file."""
    model, training = train(data.train_file, folder, seed)
    answered, best = evaluate(model, data.test_file), evaluate(model, data.test_file, "--no-reject")
    return {
        "best": best["exact_match"] if data.multi else best["accuracy"], "answered": answered["exact_match"],
        "kept": answered["in_scope_kept"], "auroc": answered["oos_auroc"], "ece": best["top_ece"],
        "ece_by_chance": calibrated_ece(top_probabilities(model, data.texts())),
        "new": training["heldout_accuracy"], "familiar": training.get("familiar_accuracy"), "seconds": training["seconds"],
    }


def real(given, folder):
    head("set", "best label (seeds)", "right as answered", "kept", "AUROC", "ECE; by chance up to", "held out: new wording; familiar",
         "training, s", "LinearSVC", "fastText")
    distances = []
    for name in given.sets.split(","):
        data = Data(Path(name).name, given.data / name / "train.jsonl", given.data / name / "test.jsonl")
        peers = [kind(folder, data, False) for kind in (systems.LinearSvc, systems.FastText)]
        for peer in peers:
            peer.fit()
        runs = [measure(data, folder, seed) for seed in SEEDS]
        distances += [abs(run["kept"] - KEEP) for run in runs]
        means = {figure: mean([run[figure] for run in runs]) for figure in runs[0]}
        row(data.name + (" (exact set)" if data.multi else ""),
            f"{percent(means['best'])} ({' '.join(percent(run['best']) for run in runs)})", percent(means["answered"]),
            decimals(means["kept"]), decimals(means["auroc"]), f"{decimals(means['ece'])}; {decimals(means['ece_by_chance'])}",
            f"{percent(means['new'])}; {percent(means['familiar'])}", f"{means['seconds']:.1f}", *(percent(peer.accuracy()) for peer in peers))
    print(f"\nMean distance of the share kept from {KEEP}: {decimals(statistics.mean(distances))}.")


class Clinc:
    """CLINC150, to cut small data from."""

    def __init__(self, data):
        paths = (data / "clinc150/train.jsonl", data / "clinc150/test.jsonl")
        train, self.test = ([json.loads(line) for line in path.read_text("utf-8").splitlines()] for path in paths)
        self.lines = {}
        for line in train:
            for label in line["labels"]:
                self.lines.setdefault(label, []).append(line)

    def cut(self, folder, labels, count, seed):
        """`count` lines of each of some labels, their test lines with the strangers, and the lines that are left."""
        draw = random.Random(seed)
        chosen = draw.sample(sorted(self.lines), labels)
        parts = [draw.sample(self.lines[label], len(self.lines[label])) for label in chosen]
        test = [line for line in self.test if not line["labels"] or line["labels"][0] in chosen]
        taken, left = ([line for part in parts for line in part[at]] for at in (slice(count), slice(count, None)))
        return taken, write(folder / "test.jsonl", test), left


def few(given, folder):
    print("\n10 labels of CLINC150, mean of seeds 1 to 3:\n")
    head("lines a label", "best label", "right as answered", "kept", "foreign texts rejected")
    for count in (5, 10, 19):
        runs = []
        for seed in SEEDS:
            lines, test, _ = given.clinc.cut(folder, 10, count, seed)
            runs.append(evaluate(train(write(folder / "train.jsonl", lines), folder, seed)[0], test))
        figures = ("accuracy", "exact_match", "in_scope_kept", "oos_recall")
        row(count, *(percent(mean([run[figure] for run in runs])) for figure in figures))


def print_loss(name, train_file, test_file, folder, seed):
    figures = evaluate(train(train_file, folder, seed)[0], test_file)
    best, answered = figures["accuracy"], figures["exact_match"]
    print(f"{name}, seed {seed}: best label {percent(best)}, right as answered {percent(answered)}, lost {percent(best - answered)}", flush=True)


def templates(given, folder):
    print()
    case = given.data.parent / "cases/templates"
    for seed in SEEDS:
        print_loss("Lines made from templates", f"{case}.train.jsonl", f"{case}.test.jsonl", folder, seed)


def copies(given, folder):
    print()
    for seed in SEEDS:
        lines, test, _ = given.clinc.cut(folder, 20, 10, seed)
        draw = random.Random(seed)
        lines += [{**line, "text": copy(line["text"], draw)} for line in lines for _ in range(5)]
        print_loss("20 labels x 10 lines with five copies each", write(folder / "train.jsonl", lines), test, folder, seed)


def copy(text, draw):
    """A text with a filler, or with two letters swapped, one gone or one typed twice."""
    if draw.random() < 0.5:
        return draw.choice(FILLERS).format(text)
    at = draw.randrange(len(text) - 1)
    return draw.choice([text[:at] + text[at + 1] + text[at] + text[at + 2 :], text[:at] + text[at + 1 :],
                        text[: at + 1] + text[at:]])


def spread(given, folder):
    """How much the choice of lines, and one line more, moves what is answered right."""
    def answered(lines, test):
        return evaluate(train(write(folder / "train.jsonl", lines), folder)[0], test)["exact_match"]

    draws = [answered(*given.clinc.cut(folder, 10, 30, seed)[:2]) for seed in range(1, 7)]
    lines, test, others = given.clinc.cut(folder, 10, 30, 1)
    longer = [answered([*lines, more], test) for more in random.Random(1).sample(others, 6)]
    print("\n10 labels x 30 lines of CLINC150, right as answered:")
    for name, found in (("draws 1 to 6", draws), ("draw 1 and one more line, six ways", longer)):
        print(f"{name}: {' '.join(map(percent, found))}, spread {percent(max(found) - min(found))}", flush=True)


def costs(given, folder):
    """What a text costs on average: a wrong action 1, asking back for a text with a label less, a foreign text answered 1."""
    def cost(figures, foreign):
        kept, right = figures["in_scope_kept"], figures["exact_match"]
        inside = ASK_BACK * (1 - kept) + kept - right
        return (1 - foreign) * inside + foreign * (1 - figures["oos_recall"])

    print(f"\nCost of a text, asking back {ASK_BACK}, mean of seeds 1 to 3:\n")
    head("set", "foreign texts", "by cost", "kept", "by the share of .95", "answering all", "answering none")
    for name in ("clinc150", "real/hint3-curekart", "real/hint3-powerplay11", "real/clinc-cards-near"):
        test = given.data / name / "test.jsonl"
        trained = lambda seed: train(given.data / name / "train.jsonl", folder, seed)[0]
        models = [trained(seed).rename(folder / f"{seed}.intent") for seed in SEEDS]
        for foreign in FOREIGN_SHARES:
            by_cost = [evaluate(model, test, "--ask-back-cost", ASK_BACK, "--foreign-share", foreign) for model in models]
            others = [[evaluate(model, test, *options) for model in models] for options in ([], ["--no-reject"])]
            average = lambda runs: decimals(mean([cost(figures, foreign) for figures in runs]))
            row(Path(name).name, foreign, average(by_cost), decimals(mean([run["in_scope_kept"] for run in by_cost])), *map(average, others),
                decimals((1 - foreign) * ASK_BACK))


def main():
    given = arguments()
    systems.IntentKit.program = given.intent.resolve()
    with tempfile.TemporaryDirectory() as folder:
        if not given.small:
            return real(given, Path(folder))
        given.clinc = Clinc(given.data)
        for case in (few, templates, copies, spread, costs):
            if case.__name__ in given.cases.split(","):
                case(given, Path(folder))


if __name__ == "__main__":
    main()
