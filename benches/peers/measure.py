"""Times and data, the same for every peer."""

import json
import math
import time
from dataclasses import dataclass, field


@dataclass
class Speed:
    """From raw text to labels, on one thread: microseconds one at a time, and texts a second in bulk."""

    p50: float
    p99: float
    rate: float


def percentiles(nanoseconds):
    """By the nearest rank, in microseconds."""
    ordered = sorted(nanoseconds)
    at = lambda share: ordered[math.ceil(share * len(ordered)) - 1] / 1e3
    return at(0.50), at(0.99)


def call_times(call, items, seconds):
    """p50 and p99 of `call` over `items`, behind a warm-up."""
    for item in items[:500]:
        call(item)
    times, started = [], time.perf_counter()
    while not times or time.perf_counter() - started < seconds:
        for item in items:
            before = time.perf_counter_ns()
            call(item)
            times.append(time.perf_counter_ns() - before)
            # A slow peer need not see all of the data.
            if len(times) >= 200 and time.perf_counter() - started > 3 * seconds:
                break
    return percentiles(times)


def rate(pass_, count, seconds):
    """Items a second of a call that takes `count` of them."""
    started, passes = time.perf_counter(), 0
    while not passes or time.perf_counter() - started < seconds:
        pass_()
        passes += 1
    return count * passes / (time.perf_counter() - started)


@dataclass
class Data:
    """Lines with labels; those without stay in the file, which IntentKit reads as it is."""

    name: str
    train_file: object
    test_file: object
    multi: bool = False
    train: list = field(default_factory=list)
    test: list = field(default_factory=list)

    def __post_init__(self):
        self.train, self.test = _lines(self.train_file), _lines(self.test_file)
        self.multi = any(len(labels) > 1 for _, labels in self.train)
        self.labels = sorted({label for _, labels in self.train for label in labels})

    def texts(self):
        return [text for text, _ in self.test]

    def accuracy(self, answers):
        """The share of test lines that are answered with exactly their set of labels."""
        right = sum(set(answer) == set(labels) for answer, (_, labels) in zip(answers, self.test, strict=True))
        return right / len(self.test)


def _lines(path):
    with open(path, encoding="utf-8") as file:
        lines = [json.loads(line) for line in file]
    return [(" ".join(line["text"].split()), line["labels"]) for line in lines if line["labels"]]
