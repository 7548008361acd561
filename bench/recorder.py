"""What it costs to record a training from Python, beside json.dumps() of the same rows.

    python3 bench/recorder.py

A training of 2,000 samples, 10 evaluations and 5 classes, in calls of all samples and
of 16. json.dumps() is given dicts that are there already, checks nothing and writes to a
file that Python buffers; once as it is, once with the separators that the recorder has,
and then with the same bytes. The recorder writes a .gz as well, beside its plain file.
Prints medians of 11 alternated rounds, in microseconds of the processor a row, and the
ratios within a round.
"""

import gzip
import json
import os
import random
import statistics
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "inst", "python"))
from datacarto_recorder import Recorder  # noqa: E402

SAMPLES, EVALUATIONS, CLASSES, ROUNDS = 2000, 10, 5, 11


def calls_of(size):
    random.seed(1)
    for step in range(EVALUATIONS):
        ids = random.sample(range(SAMPLES), SAMPLES)
        for start in range(0, SAMPLES, size):
            yield call_of(ids[start:start + size], step)


def call_of(ids, step):
    scores = [[random.expovariate(1) for _ in range(CLASSES)] for _ in ids]
    probs = [[score / sum(row) for score in row] for row in scores]
    labels = [id % CLASSES for id in ids]
    predicted = [row.index(max(row)) for row in probs]
    return dict(id=ids, label=labels, pred_label=predicted,
                correct=[a == b for a, b in zip(labels, predicted)],
                loss=[random.expovariate(1) for _ in ids], probs=probs,
                label_probs=[row[label] for row, label in zip(probs, labels)], step=step)


def rows_of(call):
    columns = {**call, "step": [call["step"]] * len(call["id"])}
    return [dict(zip(columns, values)) for values in zip(*columns.values())]


def record(path, calls, rows):
    with Recorder(path, existing="overwrite") as recorder:
        for call in calls:
            recorder.record(**call)


def dump(path, calls, rows, **settings):
    with open(path, "w") as file:
        for row in rows:
            file.write(json.dumps(row, **settings) + "\n")


def dump_same(path, calls, rows):
    dump(path, calls, rows, separators=(",", ":"))


def seconds(job, *args):
    start = time.process_time()
    job(*args)
    return time.process_time() - start


def read(path):
    with open(path, "rb") as file:
        return file.read()


def measure(size, folder):
    calls = list(calls_of(size))
    rows = [row for call in calls for row in rows_of(call)]
    jobs = [record, dump, dump_same, record]
    paths = [os.path.join(folder, name) for name in ("ours", "theirs", "same", "x.gz")]
    times = [[seconds(job, path, calls, rows) for job, path in zip(jobs, paths)]
             for _ in range(ROUNDS)]
    assert read(paths[0]) == read(paths[2]) == gzip.decompress(read(paths[3]))
    us = [statistics.median(column) / len(rows) * 1e6 for column in zip(*times)]
    ratios = [statistics.median(row[0] / row[at] for row in times) for at in (1, 2, 3)]
    print(f"calls of {size}: {us[0]:.1f} us a row; json.dumps() {us[1]:.1f}, ratio "
          f"{ratios[0]:.2f}; with separators {us[2]:.1f}, ratio {ratios[1]:.2f}; "
          f".gz {us[3]:.1f}, times plain {1 / ratios[2]:.2f}, of its size "
          f"{os.path.getsize(paths[3]) / os.path.getsize(paths[0]):.2f}")


print("load", *os.getloadavg()[:1], "Python", sys.version.split()[0])
with tempfile.TemporaryDirectory() as folder:
    for size in (SAMPLES, 16):
        measure(size, folder)
