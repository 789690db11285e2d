"""The systems. Each trains on one thread, says what that cost, answers texts and times itself."""

import json
import os
import pickle
import resource
import subprocess
import warnings

import networks
import numpy as np
from measure import Speed, call_times, percentiles, rate
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_extraction.text import HashingVectorizer, TfidfTransformer, TfidfVectorizer
from sklearn.multiclass import OneVsRestClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import MultiLabelBinarizer
from sklearn.svm import LinearSVC
from vowpalwabbit import Workspace


class System:
    """`note` gives the settings; `file` is what a device would have to hold."""

    name = note = ""

    def __init__(self, folder, data, quick):
        self.folder, self.data, self.quick = folder, data, quick
        self.file = folder / f"{type(self).__name__}-{data.name}"

    def train(self):
        """CPU seconds of this process and those it starts: a wall clock would show who else is at work here."""
        before = _cpu_seconds()
        self.fit()
        return _cpu_seconds() - before

    def megabytes(self):
        return self.file.stat().st_size / 1e6

    def accuracy(self):
        return self.data.accuracy(self.answers(self.data.texts()))

    def speed(self, seconds):
        texts = self.data.texts()
        p50, p99 = call_times(self.answer, texts, seconds)
        return Speed(p50, p99, rate(lambda: self.answers(texts), len(texts), seconds))


def _cpu_seconds():
    times = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(t.ru_utime + t.ru_stime for t in times)


def _run(*command, **more):
    ran = subprocess.run([str(word) for word in command], capture_output=True, text=True, **more)
    if ran.returncode != 0:
        raise SystemExit(f"{command[0]} failed ({ran.returncode}): {ran.stderr}")
    return ran.stdout


class IntentKit(System):
    name, preset = "IntentKit", "auto"
    note = "default options, one thread"
    program = "intent"

    def fit(self):
        _run(self.program, "train", self.data.train_file, "--output", self.file, "--threads", 1, "--preset", self.preset,
             *(["--epochs", 3] if self.quick else []))

    def accuracy(self):
        figures = json.loads(_run(self.program, "eval", "--model", self.file, self.data.test_file, "--no-reject", "--json"))
        return figures["exact_match"] if self.data.multi else figures["accuracy"]

    def bench(self):
        return json.loads(_run(self.program, "bench", "--model", self.file, self.data.test_file, "--threads", 1, "--json"))

    def speed(self, seconds):
        figures = self.bench()
        times = figures["text_to_labels_us"]
        return Speed(times["p50"], times["p99"], figures["batch_per_s"])


class Reference(IntentKit):
    name, preset = "IntentKit, preset `reference`", "reference"
    note = "the original design in this library's code: 256 hash buckets, no linear path"


class LinearSvc(System):
    name = "TF-IDF + LinearSVC (scikit-learn)"
    note = "words 1-2 and char_wb 2-5, C = 1, one vs rest; the file is a pickle; Python all the way"

    def fit(self):
        texts, labels = zip(*self.data.train)
        features = make_union(TfidfVectorizer(ngram_range=(1, 2), token_pattern=r"(?u)\b\w+\b", sublinear_tf=True),
                              TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True))
        if self.data.multi:
            self.binarizer = MultiLabelBinarizer()
            self.model = make_pipeline(features, OneVsRestClassifier(LinearSVC(C=1)))
            self.model.fit(texts, self.binarizer.fit_transform(labels))
        else:
            self.model = make_pipeline(features, LinearSVC(C=1)).fit(texts, [first for first, *_ in labels])
        self.file.write_bytes(pickle.dumps(self.model))

    def answers(self, texts):
        chosen = self.model.predict(texts)
        return self.binarizer.inverse_transform(chosen) if self.data.multi else [[label] for label in chosen]

    def answer(self, text):
        return self.model.predict([text])


def fasttext_line(text):
    """As `prepared` in fasttext_peer.cpp."""
    apart = "".join(f" {c} " if c.isascii() and not c.isalnum() and c not in "' " else c for c in text)
    return "".join(c.lower() if c.isascii() else c for c in apart)


class FastText(System):
    name = "fastText (C++)"
    note = ("Debian's 0.9.2: dim 100, lr 0.5; one label a text: words 1-2, characters 2-5, 50 epochs, 200,000 buckets; "
            "several: words 1-2, one vs all, 25 epochs")

    def fit(self):
        lines = self.folder / f"fasttext-{self.data.name}.txt"
        with open(lines, "w", encoding="utf-8") as file:
            # In the order of the labels, as they come, fastText would forget the first ones.
            for at in np.random.default_rng(1).permutation(len(self.data.train)):
                text, labels = self.data.train[at]
                marks = " ".join(f"__label__{self.data.labels.index(label)}" for label in labels)
                file.write(f"{marks} {fasttext_line(text)}\n")
        epochs = 5 if self.quick else 25 if self.data.multi else 50
        options = ["-loss", "ova"] if self.data.multi else ["-loss", "softmax", "-minn", 2, "-maxn", 5]
        _run("fasttext", "supervised", "-input", lines, "-output", self.file, "-dim", 100, "-epoch", epochs, "-lr", 0.5, "-wordNgrams", 2,
             "-bucket", 200000, "-thread", 1, "-verbose", 0, *options)
        self.file = self.file.with_name(self.file.name + ".bin")

    def _peer(self, seconds):
        source, program = os.path.join(os.path.dirname(__file__), "fasttext_peer.cpp"), self.folder / "fasttext_peer"
        if not program.exists():
            _run("c++", "-O2", "-std=c++17", source, "-lfasttext", "-o", program)
        texts = self.folder / f"texts-{self.data.name}.txt"
        texts.write_text("".join(f"{text}\n" for text in self.data.texts()), encoding="utf-8")
        several = (-1, 0.5) if self.data.multi else (1, 0)
        return _run(program, self.file, texts, *several, seconds).splitlines()

    def accuracy(self):
        number = lambda mark: self.data.labels[int(mark.removeprefix("__label__"))]
        return self.data.accuracy([[number(mark) for mark in line.split()] for line in self._peer(0)])

    def speed(self, seconds):
        *_, times, rate_ = self._peer(seconds)
        return Speed(*percentiles([int(time_) for time_ in times.split()[1:]]), float(rate_.split()[1]))


class VowpalWabbit(System):
    name = "Vowpal Wabbit"
    note = ("9.11: logistic loss, 22 bits, learning rate 0.5, 8 passes; one label a text: `oaa`, words 1-2 and characters 1-5; "
            "several: a binary model for each label, words 1-2 (`multilabel_oaa` is 20 points worse); trained by the library "
            "itself, asked through its Python binding")

    def features(self, text):
        text = text.lower().replace("|", " ").replace(":", " ")
        return f"|w {text}" if self.data.multi else f"|w {text} |c {' '.join(text.replace(' ', '_'))}"

    def fit(self):
        kinds = [f"--oaa {len(self.data.labels)} --ngram c5"]
        targets = [lambda labels: self.data.labels.index(labels[0]) + 1]
        if self.data.multi:
            kinds = [""] * len(self.data.labels)
            targets = [lambda labels, own=own: 1 if own in labels else -1 for own in self.data.labels]
        self.files = [self.file.with_name(f"{self.file.name}-{i}") for i in range(len(kinds))]
        self.models = [self._learn(*each) for each in zip(kinds, targets, self.files)]

    def _learn(self, kind, target, file):
        lines = file.with_suffix(".txt")
        with open(lines, "w", encoding="utf-8") as out:
            for at in np.random.default_rng(1).permutation(len(self.data.train)):
                text, labels = self.data.train[at]
                out.write(f"{target(labels)} {self.features(text)}\n")
        passes = 2 if self.quick else 8
        Workspace(f"--quiet -d {lines} --cache_file {lines}.cache -k --passes {passes} --holdout_off {kind} "
                  f"--loss_function logistic -b 22 --ngram w2 -l 0.5 -f {file}").finish()
        return Workspace(f"--quiet -t -i {file}")

    def megabytes(self):
        return sum(file.stat().st_size for file in self.files) / 1e6

    def answer(self, text):
        line = self.features(text)
        if self.data.multi:
            return [label for label, model in zip(self.data.labels, self.models) if model.predict(line) > 0]
        return [self.data.labels[self.models[0].predict(line) - 1]]

    def answers(self, texts):
        return [self.answer(text) for text in texts]


class PythonReference(System):
    """The original design: scikit-learn's features, a network in ONNX Runtime."""

    note = "256 -> 256 -> 128 -> 64 -> N, ReLU, trained by scikit-learn (Adam, batches of 64, 60 epochs at most); Python all the way"

    def features(self):
        raise NotImplementedError

    def fit(self):
        texts, labels = zip(*self.data.train)
        self.vectorizer = self.features().fit(texts)
        targets = MultiLabelBinarizer(classes=self.data.labels).fit_transform(labels)
        if not self.data.multi:
            targets = targets.argmax(axis=1)
        network = MLPClassifier((256, 128, 64), batch_size=64, max_iter=3 if self.quick else 60, random_state=1)
        with warnings.catch_warnings():
            # The last epoch is the last, converged or not.
            warnings.simplefilter("ignore", ConvergenceWarning)
            network.fit(self._dense(texts), targets)
        layers = [(w.T.astype(np.float32), b.astype(np.float32)) for w, b in zip(network.coefs_, network.intercepts_)]
        if not self.data.multi and len(self.data.labels) == 2:
            raise SystemExit("two labels are one output in scikit-learn; use data with more")
        model = networks.onnx_bytes(layers)
        self.session = networks.onnx_session(model)
        self.file.write_bytes(pickle.dumps(self.vectorizer) + model)

    def _dense(self, texts):
        return self.vectorizer.transform(texts).toarray().astype(np.float32)

    def answer(self, text):
        return self._chosen(self.session(self._dense([text])))

    def answers(self, texts):
        return [[self.data.labels[label] for label in row] for row in self._chosen(self.session(self._dense(texts)))]

    def _chosen(self, logits):
        return [np.flatnonzero(row > 0) for row in logits] if self.data.multi else logits.argmax(axis=1)[:, None]


class FrequentWords(PythonReference):
    name = "TF-IDF of the 256 most frequent words + ONNX Runtime"

    def features(self):
        return TfidfVectorizer(max_features=256)


class HashBuckets(PythonReference):
    name = "256 hash buckets with TF-IDF + ONNX Runtime"
    note = "char_wb 3-4, signed hashing (words 1 and unsigned hashing are up to 9 points worse); " + PythonReference.note

    def features(self):
        hashing = HashingVectorizer(n_features=256, analyzer="char_wb", ngram_range=(3, 4), norm=None)
        return make_pipeline(hashing, TfidfTransformer())


ALL = [IntentKit, Reference, LinearSvc, FastText, VowpalWabbit, FrequentWords, HashBuckets]


def binding_share(system, seconds):
    """Median microseconds of an empty call through Vowpal Wabbit's binding."""
    return call_times(lambda line: system.models[0].predict(line), [" |w "] * 100, seconds)[0]
