# The module for Python, run by python3.

new_path <- function(text = NULL, ending = ".jsonl", envir = parent.frame()) {
  path <- tempfile(fileext = ending)
  if (!is.null(text)) {
    writeLines(text, path, sep = "")
  }
  do.call(on.exit, list(bquote(unlink(.(path))), add = TRUE), envir = envir)
  path
}

test_that("what Python's lists say is read to the last bit", {
  file <- new_path()
  doubles <- new_path()
  run_recorder(file, doubles, code = '
import array, random
random.seed(1)
values = []
with Recorder(sys.argv[1], ids=range(50)) as rec:
    for epoch in range(4):
        ids = random.sample(range(50), 50)
        first = [random.random() for i in ids]
        loss = [random.expovariate(1e-3) for i in ids]
        values += ids + first + loss
        rec.record(ids, [i % 2 for i in ids], probs=[(p, 1 - p) for p in first],
                   loss=loss, step=epoch, note="n", lr=1e-05)
with open(sys.argv[2], "wb") as out:
    array.array("d", values).tofile(out)
')
  values <- matrix(readBin(doubles, "double", 600), 50)
  frame <- do.call(rbind, lapply(0:3, function(epoch) {
    now <- values[, 1:3 + 3 * epoch]
    data.frame(
      id = now[, 1], label = now[, 1] %% 2, probs_0 = now[, 2],
      probs_1 = 1 - now[, 2], loss = now[, 3], step = epoch, lr = 1e-05
    )
  }))
  signals <- c("loss", "lr")
  expect_same_map(
    datamap_summarise(file, signals = signals),
    datamap_summarise(frame, signals = signals)
  )
})

test_that("what NumPy's arrays say is read to the last bit", {
  file <- new_path()
  doubles <- new_path()
  run_recorder(file, doubles, modules = "numpy", code = '
import numpy as np
rng = np.random.default_rng(1)
with Recorder(sys.argv[1]) as rec, open(sys.argv[2], "wb") as out:
    for epoch in range(5):
        ids = rng.permutation(40).astype(np.int64) + 4734364254410
        logits = rng.normal(0, 3, (40, 3)).astype(np.float32)
        label = (ids % 3).astype(np.int32)
        rec.record(ids[:13], label[:13], logits=logits[:13], step=epoch)
        late = slice(13, None)
        rec.record(ids[late], label[late], logits=logits[late],
                   step=np.float64(epoch), grad=np.abs(logits[late, 0]),
                   is_late=ids[late] > 4734364254430)
        np.column_stack([ids, label, logits]).astype(np.float64).tofile(out)
')
  values <- matrix(readBin(doubles, "double", 1000), ncol = 5, byrow = TRUE)
  frame <- data.frame(
    id = values[, 1], label = values[, 2], step = rep(0:4, each = 40),
    grad = ifelse(rep_len(1:40, 200) > 13, abs(values[, 3]), NA)
  )
  frame$logits <- values[, 3:5]
  expect_same_map(
    datamap_summarise(file, signals = "grad"),
    datamap_summarise(frame, signals = "grad")
  )
})

test_that("what torch's tensors say is read to the last bit", {
  file <- new_path()
  doubles <- new_path()
  run_recorder(file, doubles, modules = "torch", code = '
import array, torch
torch.manual_seed(1)
model = torch.nn.Linear(4, 3)
x = torch.randn(60, 4)
ids = torch.arange(60) + 4734364254410
label = ids % 3
slope = torch.optim.SGD(model.parameters(), lr=0.5)
values = array.array("d")
with Recorder(sys.argv[1]) as rec:
    for epoch in range(4):
        loss = torch.nn.functional.cross_entropy(model(x), label,
                                                 reduction="none")
        slope.zero_grad()
        loss.mean().backward()
        slope.step()
        for rows in torch.randperm(60).split(25):
            logits = model(x[rows])  # still with its gradient
            rec.record(ids[rows], label[rows], logits=logits, loss=loss[rows],
                       step=torch.tensor(epoch))
            for line in zip(ids[rows], label[rows], loss[rows], *logits.T):
                values.extend([epoch] + [value.item() for value in line])
with open(sys.argv[2], "wb") as out:
    values.tofile(out)
')
  values <- matrix(readBin(doubles, "double", 1680), ncol = 7, byrow = TRUE)
  frame <- data.frame(
    id = values[, 2], label = values[, 3], step = values[, 1],
    loss = values[, 4]
  )
  frame$logits <- values[, 5:7]
  expect_same_map(
    datamap_summarise(file, signals = "loss"),
    datamap_summarise(frame, signals = "loss")
  )
})

test_that("the callback for transformers asks a model of torch", {
  file <- new_path()
  output <- run_recorder(file, modules = "torch", code = '
import torch, types
sys.modules["transformers"] = types.SimpleNamespace(TrainerCallback=object)
class Model(torch.nn.Module):
    device = torch.device("cpu")
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Sequential(torch.nn.Linear(2, 3),
                                         torch.nn.Dropout())
    def forward(self, x, labels):
        assert not torch.is_grad_enabled()
        return types.SimpleNamespace(logits=self.layer(x))
torch.manual_seed(1)
model = Model()
sets = dict(id=torch.arange(5), labels=torch.tensor([0, 1, 2, 0, 1]),
            x=torch.randn(5, 2))
batches = [{k: v[rows] for k, v in sets.items()}
           for rows in (slice(0, 3), slice(3, 5))]
with Recorder(sys.argv[1]) as rec:
    callback = trainer_callback(rec, batches)
    for epoch in (1.0, 2.0):
        state = types.SimpleNamespace(epoch=epoch)
        callback.on_epoch_end(None, state, None, model=model)
assert model.training
probs = model.layer[0](sets["x"]).double().softmax(1)
print(*probs[range(5), sets["labels"]].tolist())
')
  map <- datamap_summarise(file)
  expect_identical(map$evaluations, rep(2L, 5))
  expect_identical(map$label_var, rep(0, 5)) # nothing was dropped out
  expect_equal(
    map$avg_probs, as.numeric(strsplit(utils::tail(output, 1), " ")[[1]]),
    tolerance = 1e-12
  )
})

test_that("what a reader would refuse is refused, and leaves nothing behind", {
  file <- new_path()
  output <- run_recorder(file, code = '
rec = Recorder(sys.argv[1], ids=[1, 2, "x"])
rec.record([1, "x"], [0, 0], probs=[[.5, .5], [.25, .75]], step=1)
def fails(*args, **kwargs):
    before = open(sys.argv[1]).read()
    try:
        rec.record(*args, **kwargs)
    except SignalError as error:
        print(error)
    else:
        print("taken")
    assert open(sys.argv[1]).read() == before
half = [[.5, .5]]
fails([3], [0], probs=half, step=2)
fails([1], [0], probs=half, step=1)
fails(["1"], [0], probs=half, step=0)
fails([1], [0], probs=half)
fails([1, 2], [0, 0], probs=half * 2, step=[2, float("nan")])
fails([1.0], [0], probs=half, step=2)
fails([1], [2], probs=half, step=2)
fails([1], ["a"], probs=half, step=2)
fails([1], [0], label_probs=[.5], step=2)
fails([1], [None], probs=half, step=2)
fails([1], [0, 1], probs=half, step=2)
fails([1], [0], probs=half, step=2, correct=["yes"])
fails([1], [0], probs=half, epoch=2)
fails([1], [0], probs=half, step=2, own=[[1]])
fails([1], ["\\ud800"], label_probs=[.5], correct=[True], step=2)
rec.close()
try:
    rec.record([1], [0], probs=half, step=2)
except ValueError as error:
    print(error)
')
  expect_length(output, 16)
  expect_false(any(output == "taken"))
  expect_match(output[[1]], "id 3 was not declared", fixed = TRUE)
  expect_match(output[[3]], "step 0 of id '1' is not above 1", fixed = TRUE)
  expect_match(output[[5]], "row 1: step must be finite", fixed = TRUE)
  expect_match(output[[13]], "'epoch' is another name of step", fixed = TRUE)
  expect_identical(nrow(datamap_summarise(file)), 2L)
})

test_that("a run is gone on with, after repair where it was cut", {
  line <- '{"id": 1, "label": 0, "probs": [0.5, 0.5], "step": 1}\n'
  code <- '
try:
    rec = Recorder(sys.argv[1], existing=sys.argv[2])
    rec.record([1], [0], probs=[[.25, .75]], step=2)
    rec.close()
    print("done")
except SignalError as error:
    print(type(error).__name__, error)
'
  add <- function(file, existing) run_recorder(file, existing, code = code)
  file <- new_path(line)
  expect_match(add(file, "error"), "FileError .*it is there already")
  expect_identical(add(file, "append"), "done")
  expect_match(add(file, "append"), "step 2 of id 1 is not above 2")
  expect_identical(datamap_summarise(file)$avg_probs, 0.375)
  expect_identical(add(file, "overwrite"), "done")
  expect_identical(datamap_summarise(file)$avg_probs, 0.25)
  cut <- new_path(paste0(line, '{"id": 1, "lab'))
  expect_match(add(cut, "append"), "line 2.*repair")
  expect_identical(add(cut, "repair"), "done")
  expect_identical(datamap_summarise(cut)$avg_probs, 0.375)
  open <- new_path(sub("\n", "", line))
  expect_identical(add(open, "append"), "done")
  expect_identical(datamap_summarise(open)$avg_probs, 0.375)
})

test_that("a name that ends in .gz has each call compressed", {
  code <- '
try:
    with Recorder(sys.argv[1], existing=sys.argv[2]) as rec:
        rec.record([int(sys.argv[3])], [0], probs=[[.75, .25]])
    print("done")
except SignalError as error:
    print(type(error).__name__, error)
'
  add <- function(file, existing, id) {
    run_recorder(file, existing, id, code = code)
  }
  file <- new_path(ending = ".jsonl.gz")
  expect_identical(add(file, "error", 1), "done")
  first <- file.size(file)
  expect_identical(add(file, "append", 2), "done")
  expect_match(add(file, "error", 3), "FileError")
  both <- file.size(file)
  bytes <- readBin(file, "raw", both)
  expect_identical(bytes[1:2], as.raw(c(0x1f, 0x8b)))
  expect_identical(datamap_summarise(file)$id, 1:2)
  for (size in c(first + 1, first + 15, both - 1)) { # as a crash leaves it
    writeBin(bytes[seq_len(size)], file)
    expect_match(add(file, "append", 3), "middle of a call.*repair")
    expect_identical(add(file, "repair", 3), "done")
    expect_identical(datamap_summarise(file)$id, c(1L, 3L))
    # R goes on with it
    rec <- datamap_recorder(file, existing = "append")
    datamap_record(rec, 4, 0, probs = t(c(0.75, 0.25)))
    close(rec)
    expect_identical(datamap_summarise(file)$id, c(1L, 3L, 4L))
  }
  writeBin(bytes[seq_len(first - 1)], file)
  expect_identical(add(file, "repair", 3), "done")
  expect_identical(datamap_summarise(file)$id, 3L)
  bytes[first - 6] <- xor(bytes[first - 6], as.raw(1))
  writeBin(bytes, file)
  expect_match(add(file, "repair", 3), "SignalError .*damaged")
  writeLines("{}", file)
  expect_match(add(file, "append", 3), "not compressed by gzip")
  plain <- new_path(ending = ".jsonl")
  writeBin(bytes, plain)
  expect_match(add(plain, "append", 3), "is compressed by gzip")
  expect_match(add(new_path(ending = ".zst"), "error", 3), "[.]gz")
})

test_that("R goes on where Python ended, and the other way round", {
  file <- new_path()
  code <- '
with Recorder(sys.argv[1], existing="append") as rec:
    rec.record([1], [0], probs=[[.5, .5]], step=int(sys.argv[2]))
'
  run_recorder(file, 1, code = code)
  rec <- datamap_recorder(file, existing = "append")
  datamap_record(rec, 1, 0, probs = c(0.5, 0.5), step = 2)
  close(rec)
  run_recorder(file, 3, code = code)
  expect_identical(datamap_summarise(file)$evaluations, 3L)
})

# What a file of random_calls.py must say; see there.
read_meant <- function(path, found) {
  meant <- utils::read.delim(path, quote = "", colClasses = "character")
  texts <- c("id", "label", "pred_label", "words")
  for (name in setdiff(names(meant), texts)) {
    type <- if (name == "correct") "logical" else "double"
    meant[[name]][meant[[name]] == ""] <- NA
    storage.mode(meant[[name]]) <- type
  }
  if (all(is.na(meant$step))) { # then it is counted
    meant$step <- stats::ave(seq_along(meant$id), meant$id, FUN = seq_along) - 1
  }
  meant
}

in_hex <- function(column) {
  text <- if (is.numeric(column)) sprintf("%.0f", column) else column
  hex <- vapply(enc2utf8(as.character(text)), function(x) {
    paste0(c(".", charToRaw(x)), collapse = "")
  }, "", USE.NAMES = FALSE)
  replace(hex, is.na(column), "")
}

# What a script of random calls counts; it is given a folder, a seed, how many.
count_random_calls <- function(script, ...) {
  code <- readLines(test_path("fixtures", script), encoding = "UTF-8")
  as.numeric(strsplit(run_recorder(..., code = code), " ")[[1]])
}

test_that("ten thousand random calls are refused, or read as they were meant", {
  skip_if_long()
  folder <- new_folder()
  on.exit(unlink(folder, recursive = TRUE))
  counts <- count_random_calls("random_calls.py", folder, 20261126, 10000)
  expect_identical(sum(counts), 10000)
  expect_gt(min(counts), 4000)
  files <- list.files(folder, pattern = "jsonl$", full.names = TRUE)
  expect_length(files, 40)
  n_lines <- 0
  for (file in files) {
    found <- suppressWarnings(
      datamap_read_signals(file), classes = "datamap_warning"
    )
    meant <- read_meant(sub("jsonl$", "tsv", file))
    n_lines <- n_lines + nrow(meant)
    for (name in names(meant)) {
      column <- found[[name]]
      if (is.null(column)) {
        column <- rep(NA_real_, nrow(meant))
      }
      if (is.character(meant[[name]])) {
        expect_identical(in_hex(column), meant[[name]], label = name)
      } else if (name == "correct") {
        expect_identical(column, meant$correct)
      } else {
        # softmax in another order of operations
        tolerance <- if (name == "label_probs") 1e-14 else 0
        column <- as.double(column)
        expect_identical(is.nan(column), is.nan(meant[[name]]), label = name)
        expect_equal(
          column, meant[[name]],
          tolerance = tolerance, label = paste(name, "in", basename(file))
        )
      }
    }
    # memory has no other opinion than the table
    map <- suppressWarnings(
      datamap_summarise(file), classes = "datamap_warning"
    )
    expect_identical(sum(map$evaluations), nrow(meant))
  }
  expect_gt(n_lines, 6000) # rows of the calls that were taken
})

test_that("calls by columns and by rows are the same, to the byte", {
  skip_if_long()
  folder <- new_folder()
  on.exit(unlink(folder, recursive = TRUE))
  counts <- count_random_calls("calls_by_columns.py", folder, 20261128, 2500)
  expect_gt(min(counts), 400)
})

test_that("lines are these bytes, whichever way they are made", {
  file <- new_path()
  output <- run_recorder(file, code = '
class ByRows(Recorder):
    def _call_by_columns(self, *unused):
        return None
calls = [
    dict(id=[3, 1], label=[0, 1], pred_label=[0, 0], correct=[True, False],
         loss=[0.5, 1e-07], probs=[[0.75, 0.25], [1.0, 0.0]],
         label_probs=[0.75, 0.0], step=1, note="say \\"},{\\\\\\""),
    dict(id=["3", "4"], label=["1", "0"], logits=[[-0.0, 1e22], [5e-324, 2.0]],
         step=[2.0, -1.5], ok=[True, False]),
    dict(id=[5, 2**62], label=[0, 1], logits=[[1.0, float("nan")]] * 2, step=0),
]
for kind in (Recorder, ByRows):
    with kind(sys.argv[1], existing="overwrite") as rec:
        for call in calls:
            rec.record(**call)
        for step in (0, float("inf"), 2**53, 2**53 + 1):
            try:
                rec.record([5], [1], logits=[[1.0, 2.0]], step=step)
            except SignalError as error:
                print(error)
    print(open(sys.argv[1]).read(), end="")
for kind in (Recorder, ByRows):
    with kind(sys.argv[1], existing="overwrite", classes=["b", "a"]) as rec:
        rec.record([1, 2, 3], ["a", "b", "b"],
                   probs=[[0.5, 0.5], [0.25, 0.75], [float("nan"), 1.0]])
    print(open(sys.argv[1]).read(), end="")
')
  once <- c(
    "row 0: step 0 of id 5 is not above 0",
    "row 0: step must be finite, not inf",
    "row 0: step 9007199254740993 of id 5 is not above 9007199254740992",
    paste0(
      '{"id":3,"label":0,"pred_label":0,"correct":true,"loss":0.5,',
      '"probs":[0.75,0.25],"label_probs":0.75,"step":1,',
      '"note":"say \\"},{\\\\\\""}'
    ),
    paste0(
      '{"id":1,"label":1,"pred_label":0,"correct":false,"loss":1e-07,',
      '"probs":[1.0,0.0],"label_probs":0.0,"step":1,',
      '"note":"say \\"},{\\\\\\""}'
    ),
    paste0(
      '{"id":"3","label":"1","logits":[-0.0,1e+22],"step":2.0,"ok":true,',
      '"label_index":1}'
    ),
    paste0(
      '{"id":"4","label":"0","logits":[5e-324,2.0],"step":-1.5,"ok":false,',
      '"label_index":0}'
    ),
    '{"id":5,"label":0,"logits":[1.0,NaN],"step":0}',
    '{"id":4611686018427387904,"label":1,"logits":[1.0,NaN],"step":0}',
    '{"id":5,"label":1,"logits":[1.0,2.0],"step":9007199254740992}'
  )
  named <- c(
    '{"id":1,"label":"a","probs":[0.5,0.5],"label_index":1,"pred_label":"b"}',
    '{"id":2,"label":"b","probs":[0.25,0.75],"label_index":0,"pred_label":"a"}',
    '{"id":3,"label":"b","probs":[NaN,1.0],"label_index":0}'
  )
  expect_identical(output, c(once, once, named, named))
})

test_that("the names of classes tell the label's column, in any order", {
  map <- function(label, classes) {
    file <- new_path()
    run_recorder(file, code = sprintf("
with Recorder(sys.argv[1], classes=%s) as rec:
    rec.record([1, 2], %s, probs=[[.2, .5, .3], [.6, .3, .1]])
", classes, label))
    datamap_summarise(file, metrics = c("aum", "prob_margin"))
  }
  same <- function(map, label) {
    expect_identical(map$label, label)
    expect_identical(map$avg_probs, c(0.5, 0.1))
    expect_identical(map$correct_times, c(1L, 0L))
    expect_equal(map$prob_margin, c(0.5 - 0.3, 0.1 - 0.6), tolerance = 1e-12)
  }
  same(map('["u", "v"]', '["w", "u", "v"]'), c("u", "v"))
  same(map("[2, 3]", "[1, 2, 3]"), 2:3)
  same(map('["2", 3.0]', "[1, 2, 3]"), c("2", "3"))
  same(map("[5, 0]", "[9, 5, 0]"), c(5L, 0L))
  same(map("[True, 2]", "None"), 1:2)
  same(map('["1", 2.0]', "None"), c("1", "2"))
  same(map("[1, 2]", '["w", "u", "v"]'), 1:2) # places, from 0
})

test_that("columns of classes are written in the order that R writes them", {
  # three classes, their names and labels per call, for R and for Python
  calls <- list(
    list(c("10", "-3", "7"), c(7, 10)),
    list(c("10", "-3", "7"), c("7", "10")),
    list(c("2", "0", "1"), c(0, 2)),
    list(c("b", "c", "a"), c("a", "b")),
    list(c("a", "b", "c"), c("a", "b")), # as the call before
    list(c("u", "v", "w"), c(1, 0)), # places
    list(c("u", "v", "w"), c("1", "0")),
    list(c("w", "v", "u"), c("u", "w")),
    list(c("u", "5", "w"), c("5", "u")),
    list(c(".pred_u", ".pred_v", ".pred_w"), c("u", "w")),
    list(c("probs_3", "probs_2", "probs_1"), c(3, 1))
  )
  probs <- matrix(c(0.2, 0.5, 0.3, 0.6, 0.3, 0.1), 2, byrow = TRUE)
  paths <- c(new_path(), new_path())
  rec <- datamap_recorder(paths[[1]])
  for (step in seq_along(calls)) {
    colnames(probs) <- calls[[step]][[1]]
    ids <- 2 * step + 0:1
    datamap_record(rec, ids, calls[[step]][[2]], probs = probs)
  }
  close(rec)
  values <- function(x) {
    if (is.character(x)) x <- encodeString(x, quote = "\"")
    paste0("[", paste(x, collapse = ", "), "]")
  }
  run_recorder(paths[[2]], code = c(
    "class Frame:",
    "    def __init__(self, columns): self.columns = columns",
    "    def to_numpy(self): return [[.2, .5, .3], [.6, .3, .1]]",
    "with Recorder(sys.argv[1]) as rec:",
    vapply(seq_along(calls), function(step) {
      sprintf(
        "    rec.record(%s, %s, probs=Frame(%s))", values(2 * step + 0:1),
        values(calls[[step]][[2]]), values(calls[[step]][[1]])
      )
    }, "")
  ))
  columns <- c("label", "label_index", "pred_label", "probs")
  read <- lapply(paths, function(path) {
    out <- as.list(datamap_read_signals(path, columns = columns))
    is_place <- is.na(out$label_index) # the label itself, "1" too
    out$label_index[is_place] <- as.integer(out$label[is_place])
    out[c("label", "label_index", "pred_label", paste0("probs_", 0:2))]
  })
  expect_identical(read[[2]], read[[1]])
  expect_identical(read[[2]]$probs_0[1:2], c(0.5, 0.3))
})

test_that("what does not tell the classes is refused", {
  file <- new_path()
  output <- run_recorder(file, code = '
class Frame:
    def __init__(self, columns): self.columns = columns
    def to_numpy(self): return [[.2, .8]]
rec = Recorder(sys.argv[1])
def fails(label, **vectors):
    try:
        rec.record([1], [label], **vectors)
    except SignalError as error:
        print(error)
fails("a", probs=Frame(["a", "b"]), logits=Frame(["a", "c"]))
fails("a", probs=Frame(["a", "a"]))
fails("a", probs=[[.2, .8]], label_probs=[.2])
rec.record([1], ["b"], probs=Frame(["a", "b"]), logits=Frame(["b", "a"]))
rec.close()
')
  expect_match(output[[1]], "columns of logits .* those of probs")
  expect_match(output[[2]], "'a' stands twice")
  expect_match(output[[3]], "label 'a' is no class by its name")
  expect_length(output, 3)
  expect_match(readLines(file), '"logits":[0.8,0.2]', fixed = TRUE)
})

test_that("what looks like a slip is a warning, once", {
  file <- new_path()
  output <- run_recorder(file, code = '
import warnings
warnings.simplefilter("always")
def said(label, *scores, **settings):
    print("--")
    with warnings.catch_warnings(record=True) as caught:
        with Recorder(sys.argv[1], existing="overwrite", **settings) as rec:
            for step in (1, 2):
                rec.record(range(len(label)), label, **{scores[0]: scores[1:]},
                           step=step)
    for warning in caught:
        assert warning.category is SignalWarning
        assert warning.filename == __file__
        print(warning.message)
said([0, 1], "probs", [2, -1.5], [-3, 1])
said([0, 1], "probs", [60, 40], [1.5, 98.5])
said([1, 2, 1], "probs", [.2, .3, .5], [.2, .3, .5], [.2, .3, .5])
said([1, 2, 1], "probs", [.2, .3, .5], [.2, .3, .5], [.2, .3, .5],
     classes=[1, 2, 3])
said([1, 0, 1], "logits", [-2, 3, .5], [20, 30, 50], [.2, .3, .5])
said([1], "probs", [.5, .5])  # too few to tell
')
  said <- strsplit(paste(output, collapse = "\n"), "--\n*")[[1]][-1]
  expect_match(said[[1]], "^2 of 2 rows .* are they logits[?] Then give")
  expect_match(said[[2]], "^2 of 2 rows .* are they percent[?]")
  expect_match(said[[3]], "^no label is 0: .*classes=range\\(1, 4\\)")
  expect_identical(said[-(1:3)], c("", ""))
})

test_that("nan = \"null\" writes what is not finite as absent", {
  file <- new_path()
  output <- run_recorder(file, code = '
nan, inf = float("nan"), float("inf")
with Recorder(sys.argv[1], nan="null") as rec:
    rec.record([1, 2], [0, 1], probs=[[.5, .5], [.25, .75]], loss=[nan, 1.5],
               lr=[inf, -inf], note="x")
    rec.record([3, 4], [0, 1], probs=[[.5, .5], [nan, .75]], loss=[.1, .2],
               label_probs=[nan, .75], correct=[True, False])
    for row in ([nan, .5], [.5, -inf]):
        try:
            rec.record([5], [0], logits=[row])
        except SignalError as error:
            print(error)
')
  expect_match(output, "logits is not finite, .*nan=\"null\"", all = TRUE)
  lines <- readLines(file)
  expect_identical(lines[1:2], c(
    '{"id":1,"label":0,"probs":[0.5,0.5],"note":"x","loss":null,"lr":null}',
    paste0(
      '{"id":2,"label":1,"loss":1.5,"probs":[0.25,0.75],"note":"x",',
      '"lr":null}'
    )
  ))
  expect_no_match(lines, "NaN|Infinity")
  signals <- datamap_read_signals(file)
  expect_identical(signals$label_probs, c(0.5, 0.75, 0.5, 0.75))
  expect_identical(signals$loss, c(NA, 1.5, 0.1, 0.2))
})

test_that("a file that was deleted or replaced underneath is an error", {
  skip_on_os("windows") # deletes and replaces no file that is open
  file <- new_path()
  output <- run_recorder(file, code = '
import os
path = sys.argv[1]
half = [[.5, .5]]
def fails(call, *args, **kwargs):
    try:
        call(*args, **kwargs)
    except FileError as error:
        print(error.errno, error.strerror, error.filename == path)
for spoil in (lambda: os.remove(path), lambda: os.rename(path, path + ".old"),
              lambda: os.replace(path + ".new", path)):
    rec = Recorder(path, existing="overwrite")
    rec.record([1], [0], probs=half)
    with open(path) as old, open(path + ".new", "w") as new:
        new.write(old.read())
    os.chdir("/")
    spoil()
    fails(rec.record, [1], [0], probs=half)
    if os.path.exists(path + ".old"):
        os.rename(path + ".old", path)
        rec.record([1], [0], probs=half)
        rec.close()
        print(len(open(path).readlines()))
    else:
        fails(rec.close)
    rec.close()
os.remove(path)
')
  expect_identical(output, c(
    rep("2 the file was deleted or moved away True", 3), "2",
    rep("2 the file was replaced by another one True", 2)
  ))
})

test_that("an interrupt takes the whole call back", {
  skip_on_os("windows")
  file <- new_path()
  output <- run_recorder(file, code = "
import os, random, signal
random.seed(1)
rec = Recorder(sys.argv[1])
taken = 0
step = 0
def stop(*unused):
    raise KeyboardInterrupt
signal.signal(signal.SIGALRM, stop)
for k in range(300):
    step += 1
    n = random.choice([1, 10, 200])
    try:
        signal.setitimer(signal.ITIMER_REAL, random.uniform(1e-5, 3e-3))
        rec.record(range(n), [0] * n, probs=[[.5, .5]] * n, step=step)
        signal.setitimer(signal.ITIMER_REAL, 0)
        taken += n
    except KeyboardInterrupt:
        size = len(open(sys.argv[1]).readlines())
        if size == taken + n:  # it had returned already
            taken += n
        assert size == taken
with_rest = rec._size == os.path.getsize(sys.argv[1])
rec.close()
print(taken, with_rest)
")
  expect_identical(
    output, paste(length(readLines(file)), "True")
  )
})

test_that("no exception gets through but its own", {
  file <- new_path()
  bad <- new_path("")
  run_recorder(file, dirname(file), bad, code = r"---(
import os
path, folder, bad = sys.argv[1:]
class Bad:
    def __fspath__(self): raise RuntimeError("no path")
    def __iter__(self): raise RuntimeError("no end")
def fails(*args, **kwargs):
    try:
        Recorder(*args, **kwargs)
    except SignalError as error:
        assert str(error)
    else:
        raise AssertionError((args, kwargs))
for name in (folder, 5, None, "a\0b", Bad(), path + "/no/such", "x" * 5000):
    fails(name)
for wrong in ("no", None, 1, []):
    fails(path, existing=wrong)
    fails(path, nan=wrong)
for wrong in ("ab", 5, Bad(), [1, 1], [1, "1"], [None], [1.5], ["\0"], [[1]],
              [10**5000], {1: 2}):
    fails(path, classes=wrong)
    fails(path, ids=wrong)
fails(path, ids=[])
assert not os.path.exists(path)
texts = ["[1]", "1", "{}", '{"id": null}', '{"id": true}', '{"id": 1.5}',
         '{"id": 1, "step": "x"}', '{"id": 1, "step": [1]}', "\ufeff",
         '{"id": 1, "step": 1e999}', '{"id": 1', "[" * 100000,
         '{"id": ' + "1" * 5000 + "}", '{"id": "\\ud800"}']
for text in [t.encode() for t in texts] + [b"\xff", b"\x1f\x8b\x08"]:
    for end in (b"", b"\n"):
        with open(bad, "wb") as out:
            out.write(text + end)
        for existing in ("error", "append"):
            fails(bad, existing=existing)
)---")
})

test_that("the callback for transformers records what the model says", {
  file <- new_path()
  run_recorder(file, code = '
import contextlib, types
# stand-ins for the two packages, with what the callback uses of them
sys.modules["torch"] = types.SimpleNamespace(no_grad=contextlib.nullcontext)
sys.modules["transformers"] = types.SimpleNamespace(TrainerCallback=object)
class Tensor(list):
    def to(self, device): return self
class Model:
    training, device = True, "cpu"
    def eval(self): self.training = False
    def train(self, mode): self.training = mode
    def __call__(self, x, labels):
        assert not self.training
        return types.SimpleNamespace(logits=[[0.0, v] for v in x])
batches = [dict(id=Tensor(["a", "b"]), labels=Tensor([0, 1]),
                x=Tensor([0.0, 2.0])),
           dict(id=Tensor(["c"]), labels=Tensor([1]), x=Tensor([-1.0]))]
model = Model()
with Recorder(sys.argv[1]) as rec:
    callback = trainer_callback(rec, batches)
    for epoch in (1.0, 2.0):
        state = types.SimpleNamespace(epoch=epoch)
        callback.on_epoch_end(None, state, None, model=model)
assert model.training
')
  map <- datamap_summarise(file)
  expect_identical(map$id, c("a", "b", "c"))
  expect_identical(map$evaluations, c(2L, 2L, 2L))
  expect_equal(map$avg_probs, 1 / (1 + exp(c(0, -2, 1))), tolerance = 1e-15)
})

test_that("pairs and sequences are recorded as what they stand for", {
  file <- new_path()
  output <- run_recorder(file, code = '
nan, inf = float("nan"), float("inf")
rec = Recorder(sys.argv[1])
rec.record_pairs([1, 2], [1, 2.5], [0, 3], step=1, source="a")
rec.record_pairs([1, 2], [1e308, 0], [0, 0], step=2)
rec.record([3], ["any"], sum_logp=[-5], n_tok=4, correct=[True], step=2)
rec.record([4], [0], probs=[[.25, .75]], margin=["own"], n_tok=[-1], step=2)
def fails(*args, f=rec.record, **kwargs):
    before = open(sys.argv[1]).read()
    try:
        f(*args, **kwargs)
    except SignalError as error:
        print(error)
    else:
        raise AssertionError(args, kwargs)
    assert open(sys.argv[1]).read() == before
fails([9], margin=["x"])
fails([9], margin=[None])
fails([9], [2], margin=[1])
fails([9], ["x"], margin=[1])
fails([9], [0], sum_logp=[-1], correct=[True])
for n in (0, 1.5, nan, inf, 2**60):
    fails([9], [0], sum_logp=[-1], n_tok=[n], correct=[True])
fails([9], [0], sum_logp=[-1], n_tok=2)
fails([9], [0], label_probs=[None], margin=[2], correct=[True])
fails([9], probs=[[.5, .5]], margin=[2])
fails([9], [1], [2, 3], f=rec.record_pairs)
fails([9], ["x"], [2], f=rec.record_pairs)
fails([9], [1], [None], f=rec.record_pairs)
rec.close()
rec = Recorder(sys.argv[1], existing="append", nan="null")
fails([9], margin=[nan], f=rec.record)
')
  expect_match(output, "n_tok must be a whole number from 1", all = FALSE)
  expect_match(output, "0 says that the chosen answer is right", all = FALSE)
  expect_match(output, "would be read as the field", all = FALSE)
  expect_match(output, "chosen has 1 values, rejected 2", all = FALSE)
  map <- datamap_summarise(file)
  expect_identical(map$label, c("0", "0", "any", "0"))
  expect_identical(map$correct_times, c(2L, 1L, 1L, 0L))
  expect_equal(map$avg_probs, c(
    mean(stats::plogis(c(1, 1e308))), mean(stats::plogis(c(-0.5, 0))),
    exp(-5 / 4), 0.25
  ), tolerance = 1e-15)
})

test_that("the callback for preferences records the margins of pairs", {
  file <- new_path()
  run_recorder(file, code = '
import contextlib, types
# stand-ins for the two packages, with what the callback uses of them
sys.modules["torch"] = types.SimpleNamespace(no_grad=contextlib.nullcontext)
sys.modules["transformers"] = types.SimpleNamespace(TrainerCallback=object)
class Model:
    training = True
    def eval(self): self.training = False
    def train(self, mode): self.training = mode
def rewards(model, batch):
    assert not model.training
    return batch["chosen"], batch["rejected"]
batches = [dict(id=["a", "b"], chosen=[1.0, 2.0], rejected=[0.0, 3.0]),
           dict(id=["c"], chosen=[0.5], rejected=[0.25])]
model = Model()
with Recorder(sys.argv[1]) as rec:
    callback = preference_callback(rec, batches, rewards)
    for epoch in (1.0, 2.0):
        state = types.SimpleNamespace(epoch=epoch)
        callback.on_epoch_end(None, state, None, model=model)
assert model.training
')
  map <- datamap_summarise(file)
  expect_identical(map$id, c("a", "b", "c"))
  expect_identical(map$evaluations, c(2L, 2L, 2L))
  expect_equal(map$avg_probs, stats::plogis(c(1, -1, 0.25)), tolerance = 1e-15)
})

test_that("the training of preference-pairs runs where torch is", {
  script <- test_path("..", "..", "data-raw", "preference-pairs.py")
  skip_if(!file.exists(script), "no data-raw here")
  folder <- tempfile()
  dir.create(folder)
  on.exit(unlink(folder, recursive = TRUE))
  pairs <- data.frame(
    id = 1:4, s_label = c(0, 0, 1, 2), prompt = "it is",
    chosen = c("a truth", "universally acknowledged", "a truth", "truth is"),
    rejected = c("truth a", "truth it", "a it", "a truth")
  )
  files <- file.path(folder, c("text", "pairs.csv", "signals.jsonl"))
  writeLines(rep("it is a truth universally acknowledged", 8), files[[1]])
  utils::write.csv(pairs, files[[2]], row.names = FALSE, quote = FALSE)
  run_recorder(
    modules = "torch", script, files, dirname(datamap_python_path()),
    "--quick",
    code = "import runpy; sys.argv.pop(0); runpy.run_path(sys.argv[0], None,
    '__main__')"
  )
  map <- datamap_summarise(files[[3]], signals = "margin")
  expect_identical(map$s_label, c(0L, 0L, 1L, 2L))
  expect_identical(map$evaluations, rep(2L, 4))
  expect_true(all(is.finite(map$margin_last) & map$margin_last != 0))
})
