"""Measures IntentKit beside other systems, from raw text, on the same lines, in one session; prints Markdown tables.

    python3 -m venv venv && venv/bin/pip install -r benches/peers/requirements.txt
    cargo build --release --bin intent
    venv/bin/python benches/peers/run.py --data DIR
    venv/bin/python benches/peers/run.py --quick

DIR has the folders clinc150, banking77, mixsnips with train.jsonl and test.jsonl (the README says where they are from); the
first that is there also gives the times. --quick trains everything for a few epochs on the sample's lines: its figures mean
nothing, but it shows that all of this still runs.
"""

import argparse
import json
import logging
import os
import statistics
import sys
import tempfile
from pathlib import Path

# One thread each. Before numpy is loaded, which reads these once.
os.environ.update(dict.fromkeys(["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"], "1"))
ROOT = Path(__file__).resolve().parents[2]
SETS = {"clinc150": "CLINC150", "banking77": "BANKING77", "mixsnips": "MixSNIPS, exact set", "sample": "sample, exact set"}


def arguments():
    parser = argparse.ArgumentParser(description="Measures IntentKit beside other systems.")
    parser.add_argument("--data", type=Path, metavar="DIR", help="folder with clinc150, banking77, mixsnips")
    parser.add_argument("--sets", default="clinc150,banking77,mixsnips", help="those of them to use, the first for times")
    parser.add_argument("--intent", type=Path, default=ROOT / "target/release/intent", help="the command line to measure")
    parser.add_argument("--only", default="", metavar="NAMES", help="classes of systems.py, separated by commas")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of timing, of which the median counts (default: 3)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write everything there")
    parser.add_argument("--quick", action="store_true", help="a small run that shows that everything works")
    given = parser.parse_args()
    if not given.quick and not given.data:
        parser.error("give --data DIR, or --quick")
    if not given.intent.exists():
        parser.error(f"{given.intent} is missing: cargo build --release --bin intent, or give --intent")
    return given


def main():
    given = arguments()
    import systems
    from measure import Data, Speed

    # "Please consider to run pre-processing": onnxruntime's quantisation, of graphs that have nothing to prepare.
    logging.getLogger().setLevel(logging.ERROR)

    systems.IntentKit.program = given.intent.resolve()
    kinds = [kind for kind in systems.ALL if not given.only or kind.__name__ in given.only.split(",")]
    seconds, rounds = (0.1, 1) if given.quick else (1.0, given.rounds)
    load = os.getloadavg()
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        if given.quick:
            data = [Data("sample", ROOT / "models/assistant.jsonl", ROOT / "models/assistant-heldout.jsonl")]
        else:
            folders = [given.data / name for name in given.sets.split(",")]
            data = [Data(path.name, path / "train.jsonl", path / "test.jsonl") for path in folders]

        results, timed = {}, []
        for kind in kinds:
            row = results[kind.__name__] = {"name": kind.name, "note": kind.note, "accuracy": {}, "train_cpu_s": {}}
            for set_ in data:
                print(f"{kind.__name__} on {set_.name} ...", file=sys.stderr, flush=True)
                system = kind(folder, set_, given.quick)
                row["train_cpu_s"][set_.name] = system.train()
                row["accuracy"][set_.name] = system.accuracy()
                if set_ is data[0]:
                    row["mb"] = system.megabytes()
                    timed.append(system)
        # In turn, so that a busy minute meets everybody.
        speeds = {type(system).__name__: [] for system in timed}
        for _ in range(rounds):
            for system in timed:
                print(f"{type(system).__name__}: times ...", file=sys.stderr, flush=True)
                speeds[type(system).__name__].append(system.speed(seconds))
        for name, found in speeds.items():
            for figure in Speed.__annotations__:
                results[name][figure] = statistics.median(getattr(speed, figure) for speed in found)
        own = {name: [s for s in timed if type(s).__name__ == name] for name in ("IntentKit", "Reference", "VowpalWabbit")}
        shares = {"vowpal_wabbit_us": systems.binding_share(s, seconds) for s in own["VowpalWabbit"]}
        networks, empty = network_times(folder, len(data[0].labels), seconds, rounds, own)
    shares |= empty
    load = f"{load[0]:.1f} to {os.getloadavg()[0]:.1f}"
    print_tables(results, networks, shares, data, load, rounds)
    if given.json:
        report = {"systems": results, "networks": networks, "empty_call_us": shares, "load": load, "quick": given.quick}
        given.json.write_text(json.dumps(report, indent=1) + "\n")


# Its layers hold 4 bits a weight where that costs no accuracy.
OWN = "IntentKit, weights of 4 and 8 bits"


def network_times(folder, labels, seconds, rounds, own):
    """p50 and p99 of the network alone for each engine, with and without the linear path; and of empty calls."""
    import networks
    import numpy as np
    from measure import call_times

    row = np.random.default_rng(2).normal(size=(1, 256)).astype(np.float32)
    engines = {}
    for linear in (True, False):
        layers, straight = networks.random_layers(labels, linear)
        model = networks.onnx_bytes(layers, straight)
        engines[linear] = {
            "ONNX Runtime, float32": networks.onnx_session(model),
            "ONNX Runtime, int8": networks.onnx_session(networks.onnx_int8(model, folder)),
            "LiteRT, float32": networks.litert_session(networks.litert_bytes(layers, straight)),
            "LiteRT, int8": networks.litert_session(networks.litert_bytes(layers, straight, int8=True)),
        }
        wanted = networks.expected(layers, straight, row)
        for name, engine in engines[linear].items():
            far = np.abs(engine(row) - wanted).max() / np.abs(wanted).max()
            if not far < (0.05 if "int8" in name else 1e-4):
                raise SystemExit(f"{name} computes something else: {far}")
    found = {OWN: {True: [], False: []}} | {name: {True: [], False: []} for name in engines[True]}
    for _ in range(rounds):
        for linear, name in ((True, "IntentKit"), (False, "Reference")):
            for system in own[name]:
                times = system.bench()["network_us"]
                found[OWN][linear].append((times["p50"], times["p99"]))
            for engine, call in engines[linear].items():
                found[engine][linear].append(call_times(call, [row] * 500, seconds))
    # Without values where `--only` left IntentKit out.
    median = lambda pairs: [statistics.median(column) for column in zip(*pairs)] or [float("nan")] * 2
    table = {name: {"linear": median(by[True]), "plain": median(by[False])} for name, by in found.items()}
    nothing = np.zeros((1, 1), np.float32)
    empty = {
        "onnxruntime_us": call_times(networks.onnx_session(networks.onnx_empty()), [nothing] * 500, seconds)[0],
        "litert_us": call_times(networks.litert_session(networks.litert_empty()), [nothing] * 500, seconds)[0],
    }
    return table, empty


def print_tables(results, networks, shares, data, load, rounds):
    time = lambda value: f"{value:,.1f}" if value < 100 else f"{value:,.0f}"
    line = lambda cells: print("| " + " | ".join(cells) + " |")
    first = data[0].name
    line(["", *(SETS.get(set_.name, set_.name) for set_ in data), "training, CPU s", "p50 µs", "p99 µs",
          "texts/s in bulk", "model MB"])
    line(["---"] * (len(data) + 6))
    for number, row in enumerate(results.values(), 1):
        accuracy = [f"{row['accuracy'][set_.name] * 100:.1f} %" for set_ in data]
        line([f"{row['name']} [{number}]", *accuracy, f"{row['train_cpu_s'][first]:.1f}", time(row["p50"]), time(row["p99"]),
              f"{row['rate']:,.0f}", f"{row['mb']:.2f}"])
    print()
    for number, row in enumerate(results.values(), 1):
        print(f"{number}. {row['name']}: {row['note']}.")
    print(f"\nAccuracy is over the test lines with labels, none rejected. Training, times and sizes are those on "
          f"{SETS.get(first, first).split(',')[0]}, one thread; times are from raw text to labels, the median of {rounds} rounds in turn.")
    print()
    line(["network alone, one row", "p50 µs", "p99 µs", "p50 µs without the linear path", "p99 µs"])
    line(["---"] * 5)
    for name, by in networks.items():
        line([name, *(time(value) for value in [*by["linear"], *by["plain"]])])
    print("\nIntentKit's first two hidden layers and linear path have 4 bits a weight. int8: int8 weights with a scale for each output, activations rounded at run time. An empty call through the Python "
          "binding, included above, takes " + ", ".join(f"{name.removesuffix('_us')} {value:.1f} µs" for name, value in shares.items())
          + f". Load average {load}.")


if __name__ == "__main__":
    main()
