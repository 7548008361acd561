# loads.py FILE [OUT]: json.loads() per line into columns, the summary in pandas
import json
import sys
import time

import numpy as np
import pandas as pd


def memory():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))


def summarise(path):
    ids, labels, s_labels, p, correct = [], [], [], [], []
    with open(path) as lines:
        for line in lines:
            d = json.loads(line)
            ids.append(d["id"])
            labels.append(d["label"])
            s_labels.append(d["noisy_label"])
            p.append(d["label_probs"])
            correct.append(d["correct"] == "true")
    d = pd.DataFrame(dict(id=ids, label=labels, s_label=s_labels, p=p, correct=correct))
    d = d.sort_values("id", kind="stable")
    group = d.groupby("id", sort=False)
    d["step"] = group.cumcount()
    was = group["correct"].shift(1)
    never = np.iinfo(np.int64).max
    d["forgets"] = (was == True) & ~d["correct"]  # noqa: E712
    d["learns"] = (was == False) & d["correct"]  # noqa: E712
    d["first_forget"] = d["step"].where(d["forgets"], never)
    d["first_learn"] = d["step"].where(d["learns"], never)
    group = d.groupby("id", sort=False)
    out = group.agg(
        label=("label", "first"),
        s_label=("s_label", "first"),
        correct_times=("correct", "sum"),
        correct_ratio=("correct", "mean"),
        avg_probs=("p", "mean"),
        max_label_probs=("p", "max"),
        min_label_probs=("p", "min"),
        forgetting_times=("forgets", "sum"),
        learnt_times=("learns", "sum"),
        first_forget=("first_forget", "min"),
        first_learn=("first_learn", "min"),
    )
    out["label_var"] = group["p"].var(ddof=0)
    return out.replace({"first_forget": never, "first_learn": never}, 0).reset_index()


before = memory()
start = time.perf_counter()
start_cpu = time.process_time()
summary = summarise(sys.argv[1])
cpu = time.process_time() - start_cpu
print(f"{time.perf_counter() - start:.6f} {cpu:.6f} {before} {memory()}")
if len(sys.argv) > 2:
    summary.to_csv(sys.argv[2], sep="\t", index=False, float_format="%.17g")
