"""Record the signals of a training loop for data maps (R package datacarto).

    from datacarto_recorder import Recorder

    with Recorder("signals.jsonl") as rec:
        for epoch in range(10):
            train(model)
            for batch in loader:  # evaluation mode, every training sample
                rec.record(batch.id, batch.label, logits=model(batch.x), step=epoch)

One line of JSON per sample and evaluation, numbers in the fewest digits that read back
to the same number. Needs the standard library only; takes lists and whatever has a
method tolist(), as the arrays and tensors of NumPy, PyTorch and Paddle. Then in R:

    map <- datacarto::datamap_summarise("signals.jsonl")
"""

import json
import math
import os
import stat

__all__ = ["Recorder", "SignalError", "trainer_callback"]

_FIELDS = ("id", "label", "pred_label", "s_label", "correct", "loss", "probs", "logits",
           "label_probs", "step")
# Read as the field where that is missing.
_SECOND_NAMES = {"guid": "id", "gold": "label", "noisy_label": "s_label", "epoch": "step"}
_EXISTING = ("error", "append", "repair", "overwrite")


class SignalError(ValueError):
    """Signals that a reader of the file would refuse. Nothing of the call is written."""


class Recorder:
    """Writes the signals of a training to a file, call by call.

    path      The file.
    ids       The ids that there are, if others shall be an error.
    existing  What to do with a file that is there and not empty: "error" refuses it,
              "append" goes on with its run, "repair" does so after cutting off an
              incomplete last line (as a crash leaves it), "overwrite" empties it.

    A call of record() is in the file as a whole when it returns, and not at all when it
    raises. A recorder is a context manager; else call close().
    """

    def __init__(self, path, ids=None, existing="error"):
        if existing not in _EXISTING:
            raise ValueError(f"existing must be one of {_EXISTING}, not {existing!r}")
        self._ids = None if ids is None else {_key(i) for i in _values(ids, "ids")}
        self._last = {}  # the last step of each id, None where it has none
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0)
        self._file = os.open(path, flags, 0o666)
        try:
            self._is_regular = stat.S_ISREG(os.fstat(self._file).st_mode)
            self._size = os.fstat(self._file).st_size if self._is_regular else 0
            if self._size and existing == "error":
                raise FileExistsError(f"{path} is there already; see existing=")
            if self._size and existing == "overwrite":
                os.ftruncate(self._file, 0)
                self._size = 0
            self._needs_newline = False
            if self._size:
                self._learn(path, existing == "repair")
        except BaseException:
            self.close()
            raise

    def record(self, id, label, *, probs=None, logits=None, label_probs=None,
               correct=None, pred_label=None, loss=None, s_label=None, step=None,
               **signals):
        """Adds one line per sample; all arguments are vectors in the same order.

        id, label     Whole numbers or strings.
        probs, logits One row per sample, one column per class; class k, counted from 0,
                      is the label k.
        label_probs, correct, pred_label
                      Needed only where probs or logits do not tell them.
        loss, s_label One per sample (s_label: 0 ordinary, 1 hard, 2 dirty).
        step          Which evaluation this is: a number, or one per sample. Ascends for
                      every id. Without steps an id may stand in a call only once.
        signals       Your own: numbers, strings or truth values, one per sample or one
                      for all. None leaves a sample's out.
        """
        if self._file is None:
            raise ValueError("the recorder is closed")
        columns = {"id": _values(id, "id")}
        n = len(columns["id"])
        given = dict(label=label, pred_label=pred_label, s_label=s_label, correct=correct,
                     loss=loss, probs=probs, logits=logits, label_probs=label_probs)
        for name, values in given.items():
            if values is not None:
                columns[name] = _values(values, name)
        if step is not None:
            columns["step"] = _values(step, "step", n)
        for name, values in signals.items():
            first = _SECOND_NAMES.get(name)
            if first and first not in columns:
                raise SignalError(f"{name} is another name of {first}: give it as that")
            columns[name] = _values(values, name, n)
        for name, values in columns.items():
            if len(values) != n:
                raise SignalError(f"{name} has {len(values)} values for {n} ids")
        steps = {}
        lines = []
        for row, values in enumerate(zip(*columns.values())):
            line = {k: v for k, v in zip(columns, values) if v is not None}
            try:
                self._check(line, steps)
                lines.append(json.dumps(line, ensure_ascii=False,
                                        separators=(",", ":")).encode())
            except (TypeError, ValueError) as error:
                raise SignalError(f"row {row}: {error}") from error
        if lines:
            self._append(b"\n".join(lines) + b"\n")
            self._last.update(steps)

    def close(self):
        """Puts the file on the disk and closes it. Nothing can be added then."""
        if self._file is not None:
            file, self._file = self._file, None
            try:
                os.fsync(file)
            except OSError:
                pass  # a pipe or a device
            finally:
                os.close(file)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()

    def __del__(self):
        if getattr(self, "_file", None) is not None:
            self.close()

    def _check(self, line, steps):
        """What a reader would refuse, or what contradicts the lines before."""
        for name in ("id", "label", "pred_label"):
            value = line.get(name)
            if value is None and name != "pred_label":
                raise ValueError(f"{name} is missing")
            if value is not None:
                _key(value, name)
        label = line["label"]
        for name in ("probs", "logits"):
            if name in line and not all(_is_number(x) for x in line[name]):
                raise ValueError(f"{name} must be numbers")
        for name in ("loss", "label_probs", "step"):
            if name in line and not _is_number(line[name]):
                raise ValueError(f"{name} must be a number, not {line[name]!r}")
        if "s_label" in line and (not isinstance(line["s_label"], int) or
                                  isinstance(line["s_label"], bool)):
            raise ValueError(f"s_label must be a whole number, not {line['s_label']!r}")
        if line.get("correct", True) not in (True, False):
            raise ValueError(f"correct must be true or false, not {line['correct']!r}")
        scores = line.get("probs", line.get("logits"))
        if not scores and not {"correct", "pred_label"} & line.keys():
            raise ValueError("correct, pred_label, probs or logits must be given")
        if "label_probs" not in line:
            if scores is None:
                raise ValueError("label_probs, probs or logits must be given")
            if not isinstance(label, int) or not 0 <= label < len(scores):
                raise ValueError(f"label {label!r} is no class from 0 to "
                                 f"{len(scores) - 1}, so give label_probs too")
        for name, value in line.items():
            if name not in _FIELDS and not (isinstance(value, str) or
                                            _is_number(value, bool)):
                raise ValueError(f"{name} must be a number, a string or a truth value")
        key = _key(line["id"])
        if self._ids is not None and key not in self._ids:
            raise ValueError(f"id {line['id']!r} was not declared")
        now = line.get("step")
        if now is not None and not math.isfinite(now):
            raise ValueError(f"step must be finite, not {now}")
        if key in steps and now is None:
            raise ValueError(f"id {line['id']!r} is there twice; give steps")
        if key in steps or key in self._last:
            last = steps.get(key, self._last.get(key))
            if (last is None) != (now is None):
                raise ValueError(f"give all lines of id {line['id']!r} a step, or none")
            if now is not None and now <= last:
                raise ValueError(f"step {now} of id {line['id']!r} is not above {last}")
        steps[key] = now

    def _append(self, data):
        if self._is_regular and os.fstat(self._file).st_size != self._size:
            raise OSError("somebody else has written to the file")
        if self._needs_newline:
            data = b"\n" + data
        written = 0
        try:
            if self._is_regular:
                os.lseek(self._file, 0, os.SEEK_END)
            while written < len(data):
                written += os.write(self._file, data[written:])
        except BaseException:
            if self._is_regular:
                os.ftruncate(self._file, self._size)
            raise
        self._size += len(data)
        self._needs_newline = False

    def _learn(self, path, may_cut):
        """Takes over ids and steps of the file that is added to."""
        at = 0
        with open(path, "rb") as file:
            for number, line in enumerate(file, 1):
                try:
                    self._learn_line(line)
                except (TypeError, ValueError, KeyError) as error:
                    is_cut = not line.endswith(b"\n")
                    if is_cut and may_cut:
                        os.ftruncate(self._file, at)
                        self._size = at
                        return
                    advice = '; existing="repair" cuts it off' if is_cut else ""
                    raise SignalError(f"{path}, line {number}: {error}{advice}") from error
                at += len(line)
        self._needs_newline = not line.endswith(b"\n")

    def _learn_line(self, line):
        if not line.strip():
            return
        values = json.loads(line)
        id = values["id"] if "id" in values else values["guid"]
        key = _key(id)
        if self._ids is not None and key not in self._ids:
            raise ValueError(f"id {id!r} was not declared")
        step = values.get("step", values.get("epoch"))
        self._last[key] = step


def trainer_callback(recorder, batches, id="id", label="labels"):
    """A callback for the Trainer of Hugging Face's transformers.

    After every epoch the model is asked, in evaluation mode, about all of batches: an
    iterable of dicts of tensors, as a DataLoader over the training data gives them, which
    hold the ids under the key id, the labels under the key label, and what the model
    takes.

        callback = trainer_callback(rec, DataLoader(train_set, batch_size=64))
        Trainer(model, args, train_dataset=train_set, callbacks=[callback])
    """
    import torch
    from transformers import TrainerCallback

    class RecordSignals(TrainerCallback):
        def on_epoch_end(self, args, state, control, model=None, **unused):
            was_training = model.training
            model.eval()
            try:
                with torch.no_grad():
                    for batch in batches:
                        inputs = {k: v.to(model.device) for k, v in batch.items()
                                  if k != id}
                        recorder.record(batch[id], batch[label],
                                        logits=model(**inputs).logits, step=state.epoch)
            finally:
                model.train(was_training)

    return RecordSignals()


def _values(values, name, n=None):
    """A list of Python's own values; one value for all where n says of how many."""
    if hasattr(values, "tolist"):
        values = values.tolist()
    if n is not None and (values is None or isinstance(values, (str, int, float))):
        return [values] * n
    if isinstance(values, (str, bytes)) or not hasattr(values, "__iter__"):
        raise SignalError(f"{name} must be a vector, not {values!r}")
    return [v.tolist() if hasattr(v, "tolist") else v for v in values]


def _is_number(value, *more):
    return isinstance(value, (int, float) + more) and (bool in more or
                                                       not isinstance(value, bool))


def _key(value, name="id"):
    """An id or label as it is compared: 1 and "1" are the same."""
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        raise SignalError(f"{name} must be whole numbers or strings, not {value!r}")
    if isinstance(value, str) and "\0" in value:
        raise SignalError(f"{name} must not hold U+0000")
    return str(value)
