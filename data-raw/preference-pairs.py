"""Trains a small causal language model by direct preference optimisation (DPO), and
records the margins of its pairs: called by preference-pairs.R.

    python3 preference-pairs.py TEXT PAIRS SIGNALS FOLDER_OF_RECORDER [--quick]

TEXT has a sentence per line, PAIRS the columns id, s_label, prompt, chosen, rejected. First
the model learns to go on with the sentences of TEXT: as it is then, it is the frozen
reference model. Then it is trained by the loss of Rafailov et al. (2023),

    -log sigmoid(beta (log p(chosen)   - log p_ref(chosen)
                     - log p(rejected) + log p_ref(rejected)))

and after every epoch it is asked about all pairs, in evaluation mode.
"""

import copy
import csv
import math
import sys

import torch
from torch import nn
from torch.nn import functional

QUICK = "--quick" in sys.argv
N_WORDS = 1000  # the most frequent ones; all others are one
N_SENTENCES = 500 if QUICK else 5000
WIDTH, LAYERS, HEADS, LENGTH = 64, 2, 4, 14
EPOCHS_BEFORE, EPOCHS = (1, 2) if QUICK else (3, 12)
BATCH, BETA = 16, 0.1
START, END, OTHER = 0, 1, 2


class Model(nn.Module):
    """A transformer decoder: the logits of the next word at every place."""

    def __init__(self):
        super().__init__()
        self.words = nn.Embedding(N_WORDS + 3, WIDTH)
        self.places = nn.Embedding(LENGTH, WIDTH)
        layer = nn.TransformerEncoderLayer(WIDTH, HEADS, 4 * WIDTH, dropout=0.1,
                                           batch_first=True, norm_first=True)
        self.layers = nn.TransformerEncoder(layer, LAYERS)
        self.norm = nn.LayerNorm(WIDTH)
        nn.init.normal_(self.words.weight, std=0.05)  # they are the last layer, too
        nn.init.normal_(self.places.weight, std=0.05)

    def forward(self, x):
        n = x.shape[1]
        mask = torch.full((n, n), -math.inf).triu(1)
        h = self.words(x) + self.places(torch.arange(n))
        return self.norm(self.layers(h, mask)) @ self.words.weight.T


def answer_logps(model, x, n_prompt):
    """The log-probability of each answer: of the words behind the prompt."""
    logps = functional.log_softmax(model(x[:, :-1]), -1)
    of_words = logps.gather(-1, x[:, 1:, None])[..., 0]
    places = torch.arange(1, x.shape[1])
    return (of_words * (places > n_prompt)).sum(1)  # the start is word 0


def train_reference(model, sentences):
    """Goes on with sentences of a real text, cut to LENGTH words."""
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for epoch in range(EPOCHS_BEFORE):
        model.train()
        order = torch.randperm(len(sentences))
        total = 0.0
        for rows in order.split(64):
            x = sentences[rows]
            loss = functional.cross_entropy(model(x[:, :-1]).transpose(1, 2), x[:, 1:],
                                            ignore_index=END)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(rows)
        print(f"text, epoch {epoch + 1}: loss {total / len(sentences):.3f}", flush=True)


def main(text, pairs, signals, folder):
    sys.path.insert(0, folder)
    from datacarto_recorder import Recorder

    torch.manual_seed(1)
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    with open(text) as file:
        lines = [line.split() for line in file]
    with open(pairs, newline="") as file:
        pairs = list(csv.DictReader(file))
    counts = {}
    for line in lines:
        for word in line:
            counts[word] = counts.get(word, 0) + 1
    frequent = sorted(counts, key=lambda word: (-counts[word], word))[:N_WORDS]
    numbers = {word: i + 3 for i, word in enumerate(frequent)}

    def encode(words):
        return [START] + [numbers.get(word, OTHER) for word in words]

    sentences = torch.full((len(lines), LENGTH), END)
    for row, line in enumerate(lines):
        encoded = encode(line)[:LENGTH]
        sentences[row, :len(encoded)] = torch.tensor(encoded)
    model = Model()
    train_reference(model, sentences[torch.randperm(len(sentences))[:N_SENTENCES]])
    reference = copy.deepcopy(model).eval()
    for parameter in reference.parameters():
        parameter.requires_grad_(False)

    n_prompt = len(pairs[0]["prompt"].split())
    ids = [int(pair["id"]) for pair in pairs]
    s_labels = [int(pair["s_label"]) for pair in pairs]
    answers = [torch.tensor([encode((pair["prompt"] + " " + pair[side]).split())
                             for pair in pairs]) for side in ("chosen", "rejected")]
    with torch.no_grad():
        of_reference = [answer_logps(reference, x, n_prompt) for x in answers]

    def rewards(rows):
        return [BETA * (answer_logps(model, x[rows], n_prompt) - logps[rows])
                for x, logps in zip(answers, of_reference)]

    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-4)
    with Recorder(signals, ids=ids) as rec:
        for epoch in range(1, EPOCHS + 1):
            model.train()
            for rows in torch.randperm(len(pairs)).split(BATCH):
                chosen, rejected = rewards(rows)
                loss = -functional.logsigmoid(chosen - rejected).mean()
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
            model.eval()
            with torch.no_grad():
                chosen, rejected = rewards(torch.arange(len(pairs)))
            # four digits keep the file small
            rounded = [[float(f"{x:.4g}") for x in side.tolist()]
                       for side in (chosen - rejected, torch.zeros(len(pairs)))]
            rec.record_pairs(ids, *rounded, step=epoch, s_label=s_labels)
            loss = -functional.logsigmoid(chosen - rejected).mean()
            print(f"pairs, epoch {epoch}: loss {loss:.4f}, "
                  f"right {(chosen > rejected).float().mean():.3f}", flush=True)


if __name__ == "__main__":
    main(*[arg for arg in sys.argv[1:] if arg != "--quick"])
