# plot-matplotlib.py KIND FILE PICTURE: the map of FILE (see plot-data.R) as the
# Python originals draw it. KIND is scatter (matplotlib, a call for each group) or
# scatterplot (seaborn, groups by hue and style).
import sys
import time

import matplotlib

matplotlib.use("agg")
import matplotlib.pyplot as plt  # noqa: E402
import numpy as np  # noqa: E402


def memory():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))


kind, path, picture = sys.argv[1:4]
if kind == "scatterplot":
    import pandas as pd
    import seaborn as sns

samples = np.fromfile(path).reshape(3, -1)


def draw():
    avg_probs, label_var, correct_ratio = samples
    group = np.minimum(np.floor(correct_ratio * 5 + 1e-9), 5)
    fig, ax = plt.subplots(figsize=(7, 5), dpi=150)
    if kind == "scatterplot":
        d = pd.DataFrame(dict(variability=np.sqrt(label_var), confidence=avg_probs, group=group))
        sns.scatterplot(data=d, x="variability", y="confidence", hue="group", style="group",
                        s=30, ax=ax)
    else:
        for k, (marker, colour) in enumerate(zip("sv^<>D", "rmygcb")):
            mine = group == k
            ax.scatter(label_var[mine], avg_probs[mine], s=3, alpha=0.3, c=colour, marker=marker,
                       label=f"correct_ratio_{k / 5}")
        ax.legend(loc="lower right")
    ax.set_xlabel("label_var")
    ax.set_ylabel("avg_probs")
    fig.savefig(picture)


before = memory()
start = time.perf_counter()
start_cpu = time.process_time()
draw()
cpu = time.process_time() - start_cpu
print(f"{time.perf_counter() - start:.6f} {cpu:.6f} {before} {memory()}")
