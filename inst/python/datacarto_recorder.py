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

What a reader of the file would refuse is a SignalError, and so is whatever else goes
wrong with what a recorder is given; what the system says of the file is a FileError,
which is a SignalError and an OSError. What looks like a slip is a SignalWarning, once.
"""

import contextlib
import errno
import gzip
import itertools
import json
import math
import operator
import os
import re
import stat
import warnings
import zlib

__all__ = ["Recorder", "SignalError", "FileError", "SignalWarning", "trainer_callback",
           "preference_callback"]

# The fields with all their names, as readers have them: the first that stands in a line
# is the field. N is a number.
_FIELDS = {
    "id": ["id", "guid", "sample_id", "uuid", "idx"],
    "label": ["label", "gold"],
    "label_index": ["label_index"],
    "pred_label": ["pred_label"],
    "s_label": ["s_label", "noisy_label"],
    "correct": ["correct"],
    "loss": ["loss"],
    "probs": ["probs"],
    "logits": ["logits", "logits_epoch_N"],
    "label_probs": ["label_probs"],
    "step": ["step", "epoch"],
    "margin": ["margin"],
    "sum_logp": ["sum_logp"],
    "n_tok": ["n_tok"],
}
# Fields that stand for others: where one of these is given, they are signals of the
# user's own.
_STAND_INS = {
    "margin": ["probs", "logits", "label_probs"],
    "sum_logp": ["probs", "logits", "label_probs", "margin"],
    "n_tok": ["probs", "logits", "label_probs", "margin"],
}
_SCORES = ("probs", "logits")
_EXISTING = ("error", "append", "repair", "overwrite")
_NAN = ("NaN", "null")
_PACKED = (  # not written here
    ".zst", ".br", ".bz2", ".xz", ".lzma", ".lz4", ".Z", ".zip", ".7z"
)
_GZIP_MAGIC = b"\x1f\x8b"
_LINE_MAX = 64 * 2**20  # what a reader takes by default
_NAME_MAX = 10000
_WHOLE_MAX = 2**53  # doubles up to here are whole numbers of one meaning
_INT64_MAX = 2**63 - 1
_ROWS_AT_ONCE = 1000  # that are made text together, so that the text stays small
_MISSING = object()
_ENCODER = json.JSONEncoder(ensure_ascii=False, check_circular=False,
                            separators=(",", ":"))
# With what no text in a line has between the values of a column.
_COLUMN_ENCODER = json.JSONEncoder(ensure_ascii=False, check_circular=False,
                                   separators=("\n", ":"))
# What is a value of Python's own by its type, so that nobody has to ask for tolist().
_OWN_TYPES = {int, float, str, bool, list, type(None)}


class SignalError(ValueError):
    """What can't be recorded. Nothing of the call is written."""


class FileError(OSError, SignalError):
    """What is wrong with the file. Nothing of the call is written."""


class SignalWarning(UserWarning):
    """Signals that can be recorded, but are probably not meant as they are given."""


class Recorder:
    """Writes the signals of a training to a file, call by call.

    path      The file. A name that ends in .gz gets a file compressed by gzip, with a
              member for each call, which is larger the fewer rows a call has.
    ids       The ids that there are, if others shall be an error.
    existing  What to do with a file that is there and not empty: "error" refuses it,
              "append" goes on with its run, "repair" does so after cutting off an
              incomplete last line (as a crash leaves it), or of a compressed file an
              incomplete last call, "overwrite" empties it.
    classes   The names of the classes, in the order of the columns of probs and logits:
              strings, or whole numbers where labels do not count from 0. Then labels are
              looked up among them; whole numbers count from 0 where no class has one as
              its name. Where all names are whole numbers, the columns stand in ascending
              order in the file, others stay as they are.
    nan       How to write numbers that are not finite: "NaN" as NaN, Infinity and
              -Infinity, as Python's json module does, though JSON has no such words;
              "null" for files that other readers shall take, which is read as absent.

    A call of record() is in the file as a whole when it returns, and not at all when it
    raises, be it by an interrupt. Where the file was deleted, moved or replaced in the
    meantime, the next call and close() raise. A recorder is a context manager; else call
    close().
    """

    _file = None

    def __init__(self, path, ids=None, existing="error", classes=None, nan="NaN"):
        _check_choice(existing, _EXISTING, "existing")
        _check_choice(nan, _NAN, "nan")
        self._has_null = nan == "null"
        self._classes = None  # where labels are no text, and where some are
        if classes is not None:
            names = _values(classes, "classes")
            self._classes = [_Classes(names, has_text) for has_text in (False, True)]
        self._before = self._classes and self._classes[True]  # tells the columns' order
        self._ids = None if ids is None else _declared(_values(ids, "ids"))
        self._last = {}  # the last step of each id, None where it has none
        self._is_first = True  # nothing has been recorded yet
        try:
            self._path = os.path.abspath(os.fspath(path))
        except Exception as error:
            raise SignalError(f"path must be the name of a file: {error}") from error
        self._is_gzip = os.fsdecode(self._path).endswith(".gz")
        if os.fsdecode(self._path).endswith(_PACKED):
            raise SignalError("path must end in .gz for a compressed file, and not in "
                              f"{' or '.join(_PACKED)}, which is not written here")
        try:
            self._open(existing)
        except BaseException as error:
            self._give_up()
            if isinstance(error, SignalError) or not isinstance(error, Exception):
                raise
            if isinstance(error, OSError):
                raise _file_error(error, path) from error
            raise _own(error, "path") from error  # U+0000 in it, say

    def record(self, id, label=None, *, probs=None, logits=None, label_probs=None,
               correct=None, pred_label=None, loss=None, s_label=None, step=None,
               margin=None, sum_logp=None, n_tok=None, **signals):
        """Adds one line per sample; all arguments are vectors in the same order.

        id            Whole numbers or strings.
        label         The same, or truth values: True is 1, and so are 1.0 and "1". Not
                      needed beside margin, where it is 0.
        probs, logits One row per sample, one column per class, two or more. Where the
                      classes have names (classes=, or the columns of a data frame), they
                      tell which column is the label's; else labels count from 0. A row
                      with a NaN predicts nothing and is not right.
        label_probs, correct, pred_label
                      Needed only where probs or logits do not tell them.
        loss, s_label One per sample (s_label: 0 ordinary, 1 hard, 2 dirty).
        step          Which evaluation this is: a number, or one per sample. Ascends for
                      every id. Without steps an id may stand in a call only once.
        margin        Pairs of answers: the reward of the chosen one less that of the
                      rejected one. Stands for logits [margin, 0] and the label 0; see
                      record_pairs().
        sum_logp, n_tok
                      Sequences: the sum of the log-probabilities of their tokens, and the
                      number of these. Stand for label_probs exp(sum_logp / n_tok); correct
                      or pred_label must be given. Beside probs, logits or label_probs,
                      margin and these two are signals of your own.
        signals       Your own: numbers, strings or truth values, one per sample or one
                      for all. None leaves a sample's out. Other names of a field (guid,
                      gold, noisy_label, epoch, logits_epoch_N, ...) may be used beside
                      it, in rows that have it.
        """
        if self._file is None:
            raise SignalError("the recorder is closed")
        columns = {"id": _values(id, "id")}
        n = len(columns["id"])
        names = {}
        given = dict(label=label, pred_label=pred_label, s_label=s_label, correct=correct,
                     loss=loss, probs=probs, logits=logits, label_probs=label_probs)
        for name, values in given.items():
            if values is not None:
                columns[name], found = _table(values, name)
                if found is not None:
                    names[name] = found
        if step is not None:
            columns["step"] = _values(step, "step", n)
        for name, values in dict(margin=margin, sum_logp=sum_logp, n_tok=n_tok).items():
            if values is not None:
                columns[name] = _values(values, name, n)
        own = {name for name, others in _STAND_INS.items() if columns.keys() & {*others}}
        for name, values in signals.items():
            columns[_check_name(name, columns)] = _values(values, name, n)
        for name, values in columns.items():
            if len(values) != n:
                raise SignalError(f"{name} has {len(values)} values for {n} ids")
        other_names = {name: _first_name(name) for name in signals if _first_name(name)}
        if not n:
            return
        call = (self._call_by_columns(columns, names, own) or
                self._call_by_rows(columns, names, own, other_names))
        text, steps, classes, hints = call
        if self._is_first:
            hints.give()
        self._append(text, steps)
        if names and not classes.are_whole:
            self._before = classes

    def record_pairs(self, id, chosen, rejected, *, step=None, **signals):
        """Adds one line per pair of answers, of which the first was said to be better.

        chosen, rejected
                      The rewards of both by the model: of a reward model its scores; of
                      DPO, beta times the log-probability of the answer less that by the
                      reference model. The margin is their difference.
        id, step, signals
                      As record() takes them.
        """
        chosen = _values(chosen, "chosen")
        rejected = _values(rejected, "rejected")
        if len(chosen) != len(rejected):
            raise SignalError(f"chosen has {len(chosen)} values, rejected "
                              f"{len(rejected)}")
        margin = []
        for row, (one, other) in enumerate(zip(chosen, rejected)):
            with _in_row(row):
                one, other = _number(one, "chosen"), _number(other, "rejected")
            margin.append(float(one) - float(other))
        self.record(id, margin=margin, step=step, **signals)

    def close(self):
        """Puts the file on the disk and closes it. Nothing can be added then."""
        if self._file is None:
            return
        file, self._file = self._file, None
        try:
            try:
                self._check_place(file)
            finally:
                try:
                    os.fsync(file)
                except OSError as error:
                    if self._is_regular and error.errno not in (errno.EINVAL,
                                                                errno.ENOSYS):
                        raise  # as a full disk may say only now
                finally:
                    os.close(file)
        except FileError:
            raise
        except OSError as error:
            raise _file_error(error, self._path) from error

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()

    def __del__(self):
        self._give_up()

    def _give_up(self):
        """Closes the file, come what may."""
        file, self._file = self._file, None
        if file is not None:
            try:
                os.close(file)
            except OSError:
                pass

    # --- lines ---

    def _call_by_rows(self, columns, names, own, other_names):
        """The lines of a call, its steps, its classes, and what looks like a slip.

        Row by row, so that an error can say which row it is about.
        """
        lines = []
        for row, values in enumerate(zip(*columns.values())):
            line = {k: v for k, v in zip(columns, values) if v is not None}
            with _in_row(row):
                lines.append(_Line(line, other_names, own, self._has_null))
        labels = [line.label() for line in lines]
        classes, orders = self._find_classes(names, labels)
        has_names = classes is not None and classes.are_named_by(labels)
        hints = _Hints(has_names)
        steps = {}
        for row, line in enumerate(lines):
            with _in_row(row):
                line.sort_scores(classes, orders)
                line.find_class(classes if has_names else None)
                line.check()
                self._check_run(line.line, steps)
                lines[row] = line.text()
                if self._is_first:
                    hints.look(line.line)
        return b"\n".join(lines) + b"\n", steps, classes, hints

    def _call_by_columns(self, columns, names, own):
        """The same for a call whose columns each hold values of one type, as nearly all
        do, which takes a third of the time. None where a row has to be looked at by
        itself, be it that it is wrong: then _call_by_rows() says how.
        """
        if not _are_plain(columns, own, self._has_null):
            return None
        steps = self._steps_of(columns)
        if steps is None:
            return None
        classes, orders = self._find_classes(names, columns["label"])
        has_names = classes is not None and classes.are_named_by(columns["label"])
        columns = _sorted(columns, classes, orders)
        derived = columns and _derived(columns, classes if has_names else None)
        if derived is None:
            return None
        text = _text_of(columns, derived)
        if text is None:
            return None
        hints = _Hints(has_names)
        if self._is_first:
            for values in zip(*columns.values()):
                hints.look(dict(zip(columns, values)))
        return text, steps, classes, hints

    def _steps_of(self, columns):
        """The step of each id of a call, or None where _check_run() may refuse one."""
        keys = list(map(str, columns["id"]))
        now = columns.get("step", itertools.repeat(None))
        steps = dict(zip(keys, now))
        if len(steps) < len(keys):
            return None
        if self._ids is not None and not self._ids.issuperset(keys):
            return None
        if "step" not in columns:
            is_fine = all(step is None for step in map(self._last.get, keys))
            return steps if is_fine else None
        last = list(map(self._last.get, keys, itertools.repeat(-math.inf)))
        is_fine = None not in last and all(
            map(operator.gt, map(float, now), map(float, last)))
        return steps if is_fine else None

    def _find_classes(self, names, labels):
        """The classes of a call, and where their columns are in each field that has them.

        names are those of the columns, of data frames. As in R's data frames and recorder
        (R/classes.R), whole numbers ascend, others stay as in the first call.
        """
        has_text = any(isinstance(label, str) for label in labels)
        if not names:
            classes = self._classes and self._classes[has_text]
            return classes, dict.fromkeys(_SCORES, classes and classes.order(classes))
        found = {field: _Classes(values, has_text, field, self._before)
                 for field, values in names.items()}
        first, classes = next(iter(found.items()))
        orders = dict.fromkeys(_SCORES, classes.order(classes))
        for field, others in found.items():
            if others.places.keys() != classes.places.keys():
                raise SignalError(f"the columns of {field} must have the names of those "
                                  f"of {first}")
            orders[field] = classes.order(others)
        return classes, orders

    def _check_run(self, line, steps):
        """Whether a line goes on from those before; steps are those of the call."""
        key = _key(line["id"])
        if self._ids is not None and key not in self._ids:
            raise SignalError(f"id {_shown(line['id'])} was not declared")
        now = line.get("step")
        if key in steps and now is None:
            raise SignalError(f"id {_shown(line['id'])} is there twice; give steps")
        if key in steps or key in self._last:
            last = steps[key] if key in steps else self._last[key]
            if (last is None) != (now is None):
                raise SignalError(f"give all lines of id {_shown(line['id'])} a step, or "
                                  "none")
            if now is not None and float(now) <= float(last):
                raise SignalError(f"step {now} of id {_shown(line['id'])} is not above "
                                  f"{last}")
        steps[key] = now

    # --- the file ---

    def _open(self, existing):
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0)
        self._file = os.open(self._path, flags, 0o666)
        status = os.fstat(self._file)
        self._is_regular = stat.S_ISREG(status.st_mode)
        self._size = status.st_size if self._is_regular else 0
        if self._size and existing == "error":
            raise FileExistsError(errno.EEXIST, "it is there already; see existing=")
        if self._size and existing == "overwrite":
            os.ftruncate(self._file, 0)
            self._size = 0
        self._needs_newline = False
        if self._size:
            self._learn(existing == "repair")

    def _check_place(self, file):
        """Whether the path still leads to the file: else all would be lost on closing."""
        if not self._is_regular:
            return
        try:
            is_same = os.path.samestat(os.fstat(file), os.stat(self._path))
        except (FileNotFoundError, NotADirectoryError) as error:
            raise FileError(errno.ENOENT, "the file was deleted or moved away",
                            self._path) from error
        except OSError:  # a folder that can't be looked into just now
            return
        if not is_same:
            raise FileError(errno.ENOENT, "the file was replaced by another one",
                            self._path)

    def _append(self, data, steps):
        if self._needs_newline:
            data = b"\n" + data
        if self._is_gzip and data:
            data = gzip.compress(data, 6, mtime=0)
        before = self._size, self._needs_newline, self._is_first
        last = {key: self._last.get(key, _MISSING) for key in steps}
        is_writing = False
        try:
            self._check_place(self._file)
            if self._is_regular:
                size = os.fstat(self._file).st_size
                if size != self._size:
                    raise FileError(errno.EBUSY, "somebody else has written to the file: "
                                    f"it has {size} bytes, not {self._size}", self._path)
                os.lseek(self._file, 0, os.SEEK_END)
            is_writing = True
            written = 0
            while written < len(data):
                written += os.write(self._file, data[written:written + 2**20])
            self._last.update(steps)
            self._size += len(data) if self._is_regular else 0
            self._needs_newline = self._is_first = False
        except BaseException as error:  # an interrupt too
            self._size, self._needs_newline, self._is_first = before
            for key, step in last.items():
                if step is _MISSING:
                    self._last.pop(key, None)
                else:
                    self._last[key] = step
            if is_writing:
                self._cut()
            if isinstance(error, OSError) and not isinstance(error, FileError):
                raise _file_error(error, self._path) from error
            raise

    def _cut(self):
        """Takes back what was written of a call; else the file can't be gone on with."""
        try:
            if self._is_regular:
                os.ftruncate(self._file, self._size)
            else:
                self._give_up()
        except OSError:
            self._give_up()

    def _learn(self, may_cut):
        """Takes over ids and steps of the file that is added to."""
        with open(self._path, "rb") as file:
            if self._is_gzip != (file.read(2) == _GZIP_MAGIC):
                raise SignalError(f"{self._path} is {'not ' * self._is_gzip}compressed by "
                                  "gzip, unlike what its name says")
            file.seek(0)
            if not self._is_gzip:
                self._learn_lines(file, may_cut)
                return
        try:
            with gzip.open(self._path, "rb") as file:
                self._learn_lines(file, False)
        except (EOFError, OSError, zlib.error) as error:
            whole = self._whole_members()
            if whole is None:
                raise SignalError(f"{self._path} is damaged: {error}") from error
            if not may_cut:
                raise SignalError(f"{self._path} ends in the middle of a call; "
                                  'existing="repair" cuts that off') from error
            os.ftruncate(self._file, whole)
            self._size = whole
            self._last.clear()
            if whole:
                self._learn(False)

    def _learn_lines(self, file, may_cut):
        at = 0
        for number, line in enumerate(file, 1):
            try:
                self._learn_line(line)
            except Exception as error:
                is_cut = not line.endswith(b"\n") and not self._is_gzip
                if is_cut and may_cut:
                    os.ftruncate(self._file, at)
                    self._size = at
                    return
                advice = '; existing="repair" cuts it off' if is_cut else ""
                raise SignalError(f"{self._path}, line {number}: {_said(error)}"
                                  f"{advice}") from error
            at += len(line)
        self._needs_newline = at > 0 and not line.endswith(b"\n")

    def _whole_members(self):
        """How many bytes stand before a member that was cut; None: none was."""
        whole = at = 0
        member = zlib.decompressobj(31)  # 31: with gzip's header and trailer
        with open(self._path, "rb") as file:
            while True:
                rest = file.read(2**16)
                if not rest:
                    return whole if whole < at else None
                while rest:
                    at += len(rest)
                    try:
                        member.decompress(rest)
                    except zlib.error:
                        return None
                    rest = member.unused_data
                    if member.eof:
                        at -= len(rest)
                        whole = at
                        member = zlib.decompressobj(31)

    def _learn_line(self, line):
        if not line.strip():
            return
        values = json.loads(line.decode())
        if not isinstance(values, dict):
            raise SignalError("a record that starts with '{' was expected")
        id = _field(values, "id")
        if id is None:
            raise SignalError("id is missing")
        key = _key(id)
        if self._ids is not None and key not in self._ids:
            raise SignalError(f"id {_shown(id)} was not declared")
        step = _field(values, "step")
        if step is None and "logits" not in values:
            epochs = [int(k[13:]) for k in values if _is_epoch_name(k)]
            step = epochs[0] if epochs else None
        step = None if step is None else _step(step, "step")
        last = self._last.get(key)
        self._last[key] = step if last is None or step is None else max(step, last)


class _Line:
    """The values of one row, until they are those of a line that every reader takes."""

    def __init__(self, given, other_names, own, has_null):
        self.line = {}
        self.nulls = {}  # what is not finite where that is written as null
        for name, value in given.items():
            is_field = name in _CONVERTERS and name not in own
            value = (_CONVERTERS[name] if is_field else _signal)(value, name)
            if has_null and not _is_finite(value):
                self.nulls[name] = None
            elif value is not None:
                self.line[name] = value
        self.is_pair, self.is_sequence = (name in self.line and name not in own
                                          for name in ("margin", "sum_logp"))
        for name in ("id", "label"):
            if name not in self.line and not (name == "label" and self.is_pair):
                raise SignalError(f"{name} is missing")
        for name in own & self.line.keys():
            if not {*_STAND_INS[name]} & (self.line.keys() | self.nulls.keys()):
                raise SignalError(f"{name} would be read as the field, since this row has "
                                  f"none of {', '.join(_STAND_INS[name])}")
        for name, first in other_names.items():
            if name in given and first not in self.line:
                raise SignalError(f"{name} would be read as {first}, which this row has "
                                  "not")

    def label(self):
        return self.line.get("label", 0)  # of the chosen answer

    def scores(self):
        """The class vector, None where there is none."""
        pair = [self.line["margin"], 0] if self.is_pair else None
        return self.line.get("probs", self.line.get("logits", pair))

    def sort_scores(self, classes, orders):
        """The columns of the classes in the order that they have in the file."""
        if classes is None:
            return
        for field in _SCORES:
            scores = self.line.get(field)
            if scores is None:
                continue
            if len(scores) != len(classes.names):
                raise SignalError(f"there are {len(classes.names)} names for "
                                  f"{len(scores)} classes")
            if orders[field] is not None:
                self.line[field] = [scores[place] for place in orders[field]]

    def find_class(self, classes):
        """label_index where the label does not say it, pred_label where names do."""
        line = self.line
        scores = line.get("probs", line.get("logits"))
        if scores is None:
            return
        label = line["label"]
        place = _place(label, len(scores), classes)
        if place is None:
            if classes is None:
                return
            raise SignalError(f"label {_shown(label)} is no class: they are "
                              f"{', '.join(map(_shown, classes.names[:20]))}")
        if place != label:  # and "1" is not 1
            line["label_index"] = place
        if (classes is not None and not classes.are_places and
                "pred_label" not in line):
            best = _best(scores)
            if best is not None:
                line["pred_label"] = classes.name_for(label, best)

    def check(self):
        line = self.line
        scores = self.scores()
        if self.is_sequence:
            n = line.get("n_tok")
            if n is None:
                raise SignalError("n_tok is missing, the number of tokens whose "
                                  "log-probabilities sum_logp is the sum of")
            if not 1 <= n <= _WHOLE_MAX or not float(n).is_integer():
                raise SignalError(f"n_tok must be a whole number from 1, not {_shown(n)}")
        elif "label_probs" not in line:
            if scores is None:
                raise SignalError(self.no_scores())
            place = line.get("label_index", self.label())
            count = _count(place)
            if count is None or not 0 <= count < len(scores):
                how = ("of a pair, 0 says that the chosen answer is right, 1 the rejected"
                       if self.is_pair else _how_to_count(place, scores))
                raise SignalError(f"label {_shown(place)} is no class from 0 to "
                                  f"{len(scores) - 1}: {how}")
        if not {"correct", "pred_label"} & line.keys():
            if scores is None:
                raise SignalError("correct, pred_label, probs or logits must be given")
            if "label_index" not in line and _count(self.label()) is None:
                raise SignalError(f"label {_shown(line['label'])} is no class by its name: "
                                  "give Recorder(classes=), or correct too")

    def no_scores(self):
        for name in ("label_probs", "probs", "logits", *_STAND_INS):
            if name in self.nulls:
                return (f"{name} is not finite, which nan=\"null\" writes as absent; "
                        "nan=\"NaN\" can record it")
        return "label_probs, probs or logits must be given"

    def text(self):
        line = _ENCODER.encode({**self.line, **self.nulls}).encode()
        if len(line) > _LINE_MAX:
            raise SignalError(f"a line of {len(line)} bytes is longer than {_LINE_MAX}, "
                              "the most that is read by default")
        return line


# --- calls whose columns are of one type each ---

def _are_plain(columns, own, has_null):
    """Whether lines can hold the columns as they are, and each row has all of them."""
    return columns.keys() >= {"id", "label"} and all(
        _is_plain(values,
                  _TYPES.get(name, ()) if name in _CONVERTERS and name not in own
                  else _SIGNAL_TYPES,
                  has_null or name == "step")
        for name, values in columns.items())


def _is_plain(values, types, is_finite):
    """Whether all values are of one of the types, and such that every reader takes them;
    is_finite: only numbers that are finite.
    """
    kind = type(values[0])
    if kind not in types or len({*map(type, values)}) > 1:
        return False
    if kind is list:
        n = len(values[0])
        if n < 2 or {*map(len, values)} != {n}:
            return False
        values = list(itertools.chain.from_iterable(values))
        if {*map(type, values)} != {float}:
            return False
        kind = float
    if kind is float:
        return not is_finite or all(map(math.isfinite, values))
    if kind is int:
        return -_INT64_MAX <= min(values) and max(values) <= _INT64_MAX
    return kind is bool or _is_text("".join(values))


def _sorted(columns, classes, orders):
    """The columns as _Line.sort_scores() has them, None where it may refuse a row."""
    out = dict(columns)
    for field in _SCORES if classes is not None else ():
        rows = columns.get(field)
        if rows is None:
            continue
        if len(rows[0]) != len(classes.names):
            return None
        if orders[field] is not None:
            out[field] = [[scores[place] for place in orders[field]] for scores in rows]
    return out


def _derived(columns, classes):
    """label_index and pred_label as _Line.find_class() has them, with None where a row
    has none; None where _Line.check() may refuse one.
    """
    scores = columns.get("probs", columns.get("logits"))
    labels = columns["label"]
    has_right = not columns.keys().isdisjoint(("correct", "pred_label"))
    if scores is None:
        return {} if has_right and "label_probs" in columns else None
    n = len(scores[0])
    places = {label: _place(label, n, classes) for label in {*labels}}
    if None in places.values() and (classes is not None or not has_right or
                                    "label_probs" not in columns):
        return None
    derived = {}
    if any(place != label for label, place in places.items()):
        derived["label_index"] = [places[label] if places[label] != label else None
                                  for label in labels]
    if (classes is not None and not classes.are_places and
            "pred_label" not in columns):
        names = {place: classes.name_for(labels[0], place) for place in range(n)}
        derived["pred_label"] = list(map(names.get, map(_best, scores)))
    return derived


def _text_of(columns, derived):
    """The lines as bytes, None where one may be too long. derived stand at their ends,
    each where it is not None.
    """
    out = []
    for start in range(0, len(columns["id"]), _ROWS_AT_ONCE):
        rows = slice(start, start + _ROWS_AT_ONCE)
        pieces = []
        before = "{"
        for name, values in columns.items():
            key = before + _ENCODER.encode(name) + ":"
            pieces += [itertools.repeat(key), _texts(values[rows])]
            before = ","
        for name, values in derived.items():
            pieces.append(["" if value is None else f',"{name}":{text}' for value, text
                           in zip(values[rows], _texts(values[rows]))])
        text = ("}\n".join(map("".join, zip(*pieces))) + "}\n").encode()
        if len(text) > _LINE_MAX and max(map(len, text.split(b"\n"))) > _LINE_MAX:
            return None
        out.append(text)
    return b"".join(out)


def _texts(values):
    """Each value of a column as a line has it, by one encoder for all."""
    if type(values[0]) is list:  # of numbers, so that only lists meet like this
        return _ENCODER.encode(values)[1:-1].replace("],[", "]\n[").split("\n")
    return _COLUMN_ENCODER.encode(values)[1:-1].split("\n")


class _Classes:
    """The names of classes, in the order that their columns have in the file."""

    def __init__(self, names, has_text, field="classes", before=None):
        names = [_label(name, field) for name in names]
        if None in names:
            raise SignalError(f"a name in {field} is missing")
        if field != "classes":
            names = _without_prefix(names, field)
        if not has_text and all(str(x).upper() in ("FALSE", "TRUE") for x in names):
            names = [int(str(name).upper() == "TRUE") for name in names]
        self.columns = {}  # where each class is as it is given
        for place, name in enumerate(names):
            if self.columns.setdefault(_key(name), place) != place:
                raise SignalError(f"{_shown(name)} stands twice among the classes")
        counts = [_count(name) for name in names]
        self.are_whole = None not in counts
        self.has_whole = any(count is not None for count in counts)
        order = self.columns
        if self.are_whole:
            order = sorted(order, key=int)
        elif before is not None and before.places.keys() == order.keys():
            order = before.places
        self.names = [names[self.columns[key]] for key in order]
        self.places = {key: place for place, key in enumerate(order)}
        self.are_places = all(key == str(place) for key, place in self.places.items())

    def order(self, others):
        """Where these classes are among the columns of others, None: in this order."""
        order = [others.columns[key] for key in self.places]
        return None if order == sorted(order) else order

    def name_for(self, label, place):
        """The name of a class as it is written beside a label: a number for a number."""
        name = self.names[place]
        return _count(name) if isinstance(label, int) and self.are_whole else str(name)

    def are_named_by(self, labels):
        """Whether labels are names, and no whole numbers that count from 0."""
        return self.has_whole or any(_count(label) is None for label in labels)


class _Hints:
    """What looks like a slip in the first rows that are recorded."""

    def __init__(self, has_names):
        self.has_names = has_names
        self.n = self.n_scores = self.n_logits = self.n_percent = 0
        self.labels = set()
        self.n_classes = 0

    def look(self, line):
        self.n += 1
        scores = line.get("probs", line.get("logits"))
        if scores is None:
            return
        self.n_scores += 1
        self.n_classes = max(self.n_classes, len(scores))
        self.labels.add(_count(line["label"]))
        if "probs" in line:
            total = sum(scores)
            self.n_logits += min(scores) < 0 and not abs(total - 1) <= 1e-3
            self.n_percent += abs(total - 100) <= 1 and min(scores) >= 0

    def give(self):
        if self.n_logits:
            _warn(f"{self.n_logits} of {self.n} rows of probs have negative values and do "
                  "not sum to 1: are they logits? Then give logits=")
        elif self.n_percent:
            _warn(f"{self.n_percent} of {self.n} rows of probs sum to 100: are they "
                  "percent? Then divide them by 100")
        if (not self.has_names and self.n_scores >= self.n_classes > 0 and
                None not in self.labels and 0 not in self.labels and
                min(self.labels) >= 1 and max(self.labels) <= self.n_classes):
            _warn("no label is 0: labels are taken for columns that count from 0. If "
                  "yours count from 1, subtract 1, or give Recorder(classes="
                  f"range(1, {self.n_classes + 1}))")


def trainer_callback(recorder, batches, id="id", label="labels"):
    """A callback for the Trainer of Hugging Face's transformers.

    After every epoch the model is asked, in evaluation mode, about all of batches: an
    iterable of dicts of tensors, as a DataLoader over the training data gives them, which
    hold the ids under the key id, the labels under the key label, and what the model
    takes.

        callback = trainer_callback(rec, DataLoader(train_set, batch_size=64))
        Trainer(model, args, train_dataset=train_set, callbacks=[callback])
    """
    def record(model, batch, step):
        inputs = {k: v.to(model.device) for k, v in batch.items() if k != id}
        recorder.record(batch[id], batch[label], logits=model(**inputs).logits, step=step)

    return _epoch_callback(batches, record)


def preference_callback(recorder, batches, rewards, id="id"):
    """A callback for the trainers of preferences that are made of transformers' Trainer,
    as TRL's DPOTrainer and RewardTrainer are.

    After every epoch, in evaluation mode, rewards(model, batch) is called for each of
    batches, which have the ids of the pairs under the key id. It returns the rewards of
    the chosen and of the rejected answers, two vectors: of a reward model its scores; of
    DPO beta times the log-probabilities of the answers by the model less those by the
    reference model.

        def rewards(model, batch):
            of_chosen, of_rejected = answer_logps(model, batch)  # your own
            return (beta * (of_chosen - batch["ref_chosen_logps"]),
                    beta * (of_rejected - batch["ref_rejected_logps"]))

        callback = preference_callback(rec, loader, rewards)
        DPOTrainer(model, args=args, train_dataset=pairs, callbacks=[callback])
    """
    def record(model, batch, step):
        chosen, rejected = rewards(model, batch)
        recorder.record_pairs(batch[id], chosen, rejected, step=step)

    return _epoch_callback(batches, record)


def _epoch_callback(batches, record):
    """Has each of the batches recorded after every epoch."""
    import torch
    from transformers import TrainerCallback

    class RecordSignals(TrainerCallback):
        def on_epoch_end(self, args, state, control, model=None, **unused):
            was_training = model.training
            model.eval()
            try:
                with torch.no_grad():
                    for batch in batches:
                        record(model, batch, state.epoch)
            finally:
                model.train(was_training)

    return RecordSignals()


# --- errors and warnings ---

@contextlib.contextmanager
def _in_row(row):
    """Says of what goes wrong in which row it does."""
    try:
        yield
    except Exception as error:
        raise _own(error, f"row {row}") from error


def _own(error, place):
    """The error that is raised for another one; a SignalError's text stays."""
    return SignalError(f"{place}: {_said(error)}")


def _said(error):
    return str(error) if isinstance(error, SignalError) else (
        f"{type(error).__name__}: {error}")


def _file_error(error, path):
    return error if isinstance(error, FileError) else FileError(
        error.errno or errno.EIO, error.strerror or str(error), str(path))


def _warn(text):
    warnings.warn(text, SignalWarning, stacklevel=4)


def _shown(value):
    """A value as a message shows it; not all values have a repr()."""
    try:
        text = repr(value)
    except Exception:
        text = f"a value of type {type(value).__name__}"
    return text if len(text) <= 80 else text[:77] + "..."


def _check_choice(value, choices, name):
    if not isinstance(value, str) or value not in choices:
        raise SignalError(f"{name} must be one of {choices}, not {_shown(value)}")


# --- names ---

def _is_epoch_name(name):
    return re.fullmatch("logits_epoch_[0-9]{1,15}", name) is not None


def _first_name(name):
    """The field that a name is another name of, or None."""
    if _is_epoch_name(name):
        return "logits"
    return next((field for field, names in _FIELDS.items()
                 if name in names[1:] and not name.endswith("_N")), None)


def _field(values, field):
    """A field of a line that was read: by its name, else by another one."""
    name = next((name for name in _FIELDS[field] if name in values), None)
    return None if name is None else values[name]


def _check_name(name, columns):
    """The name of a signal of the user's."""
    if name in _FIELDS:  # of those only label_index is no argument
        raise SignalError(f"{name} is written by the recorder: name the classes by "
                          "Recorder(classes=)")
    first = _first_name(name)
    if first and first not in columns:
        raise SignalError(f"{_shown(name)} is another name of {first}: give it as that")
    if not name:
        raise SignalError("signals must have names")
    name = _text(name, "the name of a signal")
    if len(name.encode()) > _NAME_MAX:
        raise SignalError(f"the name {_shown(name)} of a signal is longer than "
                          f"{_NAME_MAX} bytes")
    return name


def _without_prefix(names, field):
    """The names of columns without what says only that they are class vectors."""
    for prefix in (".pred_", field + "_"):
        if all(isinstance(name, str) and name.startswith(prefix) and name != prefix
               for name in names):
            names = [name[len(prefix):] for name in names]
    return names


def _declared(ids):
    keys = set()
    for id in ids:
        key = _key(id)
        if key in keys:
            raise SignalError(f"id {_shown(id)} stands twice in ids")
        keys.add(key)
    if not keys:
        raise SignalError("ids must name every sample; it is empty")
    return keys


# --- values ---

def _values(values, name, n=None):
    """A list of Python's own values; one value for all where n says of how many."""
    values = _plain(values, name)
    if n is not None and (values is None or isinstance(values, (str, int, float))):
        return [values] * n
    if (isinstance(values, (str, bytes, bytearray, dict, set, frozenset)) or
            not hasattr(values, "__iter__")):
        raise SignalError(f"{name} must be a vector, not {_shown(values)}")
    if type(values) is list and {*map(type, values)} <= _OWN_TYPES:
        return values[:]
    try:
        return [_plain(value, name) for value in values]
    except SignalError:
        raise
    except Exception as error:
        raise _own(error, name) from error


def _table(values, name):
    """The rows of a vector or table, and the names of a data frame's columns, or None."""
    try:
        names = getattr(values, "columns", None) if name in _SCORES else None
        if names is not None:
            return _values(values.to_numpy(), name), _values(names, name)
    except SignalError:
        raise
    except Exception as error:
        raise _own(error, name) from error
    return _values(values, name), None


def _plain(value, name):
    try:
        return value.tolist() if hasattr(value, "tolist") else value
    except Exception as error:
        raise _own(error, name) from error


def _number(value, name):
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise SignalError(f"{name} must be a number, not {_shown(value)}")
    if isinstance(value, float):
        return float(value)
    value = int(value)
    try:
        float(value)
    except OverflowError:
        raise SignalError(f"{name} is a number that is beyond every double") from None
    return value


def _step(value, name):
    value = _number(value, name)
    if not math.isfinite(value):
        raise SignalError(f"step must be finite, not {value}")
    return value


def _text(value, name):
    value = str.__str__(value)
    if "\0" in value:
        raise SignalError(f"{name} must not hold U+0000")
    if not _is_text(value):
        raise SignalError(f"{name} {_shown(value)} holds half a surrogate pair, which is "
                          "no text")
    return value


def _is_text(value):
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in value


def _ident(value, name):
    """A whole number or a string."""
    if isinstance(value, float) and value != value:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        raise SignalError(f"{name} must be a whole number or a string, not "
                          f"{_shown(value)}")
    if isinstance(value, str):
        return _text(value, name)
    try:
        str(int(value))
    except ValueError:  # since Python 3.11 it refuses to write more than 4300 digits
        raise SignalError(f"{name} has more digits than Python writes") from None
    return int(value)


def _label(value, name):
    """The same, where 1.0 and True are 1."""
    is_whole = (isinstance(value, float) and value.is_integer() and
                abs(value) <= _WHOLE_MAX)
    return int(value) if is_whole or isinstance(value, bool) else _ident(value, name)


def _s_label(value, name):
    if isinstance(value, bool) or isinstance(value, str):
        raise SignalError(f"{name} must be a whole number, not {_shown(value)}")
    return _label(value, name)


def _truth(value, name):
    if isinstance(value, str):
        value = {"true": 1, "True": 1, "false": 0, "False": 0}.get(value)
    if not isinstance(value, (int, float)) or value not in (0, 1):
        raise SignalError(f"{name} must be true or false, not {_shown(value)}")
    return bool(value)


def _scores(values, name):
    if not _are_floats(values):
        values = [_number(x, name) for x in _values(values, name)]
    if len(values) == 1:
        raise SignalError(f"{name} must have two classes or more: for the probability p "
                          "of class 1 alone, give probs [1 - p, p]")
    if not values:
        raise SignalError(f"{name} must have two classes or more")
    return values


def _are_floats(values):
    return type(values) is list and {*map(type, values)} == {float}


def _key(value, name="id"):
    """An id or label as it is compared: 1 and "1" are the same."""
    value = _ident(value, name)
    if value is None:
        raise SignalError(f"{name} is missing")
    return str(value)


def _count(label):
    """The whole number that a label is, or None: 1 and "1" are the same."""
    if isinstance(label, int):
        return label
    is_count = re.fullmatch("0|-?[1-9][0-9]{0,299}", label) is not None
    return int(label) if is_count else None


def _place(label, n, classes):
    """The place of a label among n classes; None where it is none of them."""
    if classes is not None:
        return classes.places.get(_key(label))
    place = _count(label)  # labels count from 0
    return place if place is not None and 0 <= place < n else None


def _best(scores):
    """The place of the largest score, None where one is NaN."""
    return None if any(x != x for x in scores) else scores.index(max(scores))


def _how_to_count(label, scores):
    if label == len(scores):
        return ("labels count from 0, so subtract 1 from those that count from 1, or give "
                f"Recorder(classes=range(1, {label + 1}))")
    return "give Recorder(classes=), or label_probs too"


def _signal(value, name):
    """A signal of the user's."""
    if isinstance(value, str):
        return _text(value, name)
    if isinstance(value, bool):
        return value
    if isinstance(value, (int, float)):
        return _number(value, name)
    raise SignalError(f"{name} must be a number, a string or a truth value, not "
                      f"{_shown(value)}")


def _is_finite(value):
    if isinstance(value, float):
        return math.isfinite(value)
    return not isinstance(value, list) or all(map(math.isfinite, value))


_CONVERTERS = {"id": _ident, "label": _label, "pred_label": _label, "s_label": _s_label,
               "correct": _truth, "loss": _number, "label_probs": _number,
               "step": _step, "probs": _scores, "logits": _scores, "margin": _number,
               "sum_logp": _number, "n_tok": _number}
# Types that are written as they are. What is not here goes through its converter.
_TYPES = {"id": {int, str}, "label": {int, str}, "pred_label": {int, str},
          "s_label": {int}, "correct": {bool}, "loss": {int, float},
          "label_probs": {int, float}, "step": {int, float}, "probs": {list},
          "logits": {list}}
_SIGNAL_TYPES = {int, float, str, bool}
