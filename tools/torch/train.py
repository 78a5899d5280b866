#!/usr/bin/env python3
"""Trains a run of the suite in PyTorch, on one GPU or on several, and writes weights that the suite reads: a
pretraining, or a finetuning of Table 2.

    train.py START [options]                              one GPU, or the CPU
    torchrun --nproc_per_node 8 train.py START [options]  eight GPUs of one machine
    train.py START --check                                does PyTorch here agree with the C program?

START is a folder that the C program writes (make torch-start RUN=... TIER=... METHOD=...): the recipe, the initial
weights and the images; nothing else is read, so it may be copied to another machine with this file alone. Model,
loss, schedule and AdamW are those of core/train, parameters have the names of the public code. What the recipe leaves
to the C program's random numbers, the order of images and the masks, is drawn by PyTorch from the seed; sums on a GPU
have no fixed order: a repeat is close, and not the same bits.

Batch, epochs, warm-up and rate may be given, since a GPU wants large batches; the weights then say another recipe,
and verdicts on them say so. Products are in bfloat16 on a GPU (autocast), in 32-bit floats with --float32 and on a
CPU; a finetuning's test accuracies are in 32-bit floats. One GPU replays an update as one recorded graph, so that
small batches do not wait for the CPU (--eager: it does not). Written below --out (default: where START is):
weights/RUN.safetensors, of a finetuning runs/FINETUNING/weights.safetensors; log.tsv in runs/RUN or
runs/FINETUNING, and there, for the same command to go on from, torch.pt: every --save seconds, and on SIGINT, SIGTERM
and SIGUSR1.

--check replays the batches that `00-pretrain --write-trace` added to START, in 32-bit floats, and compares losses
and final weights with those of the C program. Exit codes: 0, 1 they differ, 2 usage, 3 input, 4 interrupted, or a file
cannot be written.
Wants torch >= 1.13 and numpy; before 2.0 there is no fused attention, which is slower.
"""

import argparse
import contextlib
import fcntl
import hashlib
import json
import math
import os
import signal
import struct
import sys
import time

try:
    import numpy
    import torch
    import torch.nn.functional as functional
    from torch import distributed, nn
except ImportError as error:
    print(f"train.py: {error} (tools/deps bench installs numpy and torch; or PYTHON=an interpreter that has both)", file=sys.stderr)
    sys.exit(4)

LOOK = 20  # updates between looks at the loss and at signals, when several processes train
PATCHES = 131072  # on a GPU at a time
TELL = 10  # seconds between lines of progress
INSIST = 2  # seconds after a signal, from which another one ends the process without saving
LOSS_TOLERANCE, WEIGHT_TOLERANCE = 2e-6, 1e-3  # of --check: see compare()


def die(code, text):
    print(f"train.py: {text}", file=sys.stderr)
    sys.exit(code)


# ====== Files ======


def number_text(value):
    """As few digits as give the number back: the C program's way in recipes."""
    for digits in range(6, 18):
        text = "%.*g" % (digits, value)
        if float(text) == value:
            break
    return text


class Start:
    """What the C program wrote: facts, and the recipe as words."""

    def __init__(self, folder):
        self.folder = folder
        try:
            with open(os.path.join(folder, "recipe.tsv")) as file:
                self.facts = dict(line.rstrip("\n").split("\t") for line in file)
            self.recipe = dict(word.split("=") for word in self.facts["recipe"].split())
            self.seed = int(self.facts["seed"])
        except (OSError, ValueError, KeyError) as error:
            die(3, f"{folder}: is not what `make torch-start` writes: {error}")
        other = {"target", "decoder_norm", "mixing"} & set(self.recipe)
        if other:
            die(2, f"{self.recipe['run']}: its {', '.join(sorted(other))} is not the paper's (train it by `make pretrain`)")

    def finetuning(self):
        """Its folder below RESULTS/TIER-DATA; None: a pretraining."""
        return self.facts.get("folder")

    def number(self, key):
        return float(self.recipe[key])

    def replace(self, key, value):
        if value is not None:
            self.recipe[key] = number_text(value)

    def text(self):
        return " ".join(f"{key}={value}" for key, value in self.recipe.items())

    def array(self, name):
        try:
            return torch.from_numpy(numpy.load(os.path.join(self.folder, name)))
        except (OSError, ValueError) as error:
            die(3, f"{self.folder}: {error} (make torch-start writes it)")

    def tensors(self, name):
        return safetensors_read(os.path.join(self.folder, name))


def safetensors_read(path):
    """The F32 tensors of a file, in the order of their numbers."""
    try:
        with open(path, "rb") as file:
            data = file.read()
        size = struct.unpack("<Q", data[:8])[0]
        table = json.loads(data[8 : 8 + size])
        table.pop("__metadata__", None)
        tensors = {}
        for name, row in sorted(table.items(), key=lambda item: item[1]["data_offsets"]):
            first, last = row["data_offsets"]
            numbers = numpy.frombuffer(data[8 + size + first : 8 + size + last], "<f4")
            tensors[name] = torch.from_numpy(numbers.copy()).reshape(row["shape"])
    except (OSError, ValueError, KeyError, AttributeError, TypeError, RuntimeError, struct.error) as error:
        die(3, f"{path}: cannot be read: {error} (make torch-start writes it)")
    return tensors


def digest_of(tensors):
    """SHA-256 of all numbers as the C program takes it."""
    hash = hashlib.sha256()
    for tensor in tensors.values():
        hash.update(tensor.numpy().astype("<f4").tobytes())
    return hash.hexdigest()


def replace_file(path, write):
    try:
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        with open(path + ".part", "wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(path + ".part", path)
    except (OSError, RuntimeError) as error:  # torch.save tells a full disk as a RuntimeError
        with contextlib.suppress(OSError):
            os.remove(path + ".part")
        die(4, f"{path}: cannot be written: {error} (make room; the same command goes on)")


def safetensors_write(path, tensors, metadata):
    table, at = {"__metadata__": metadata}, 0
    for name, tensor in tensors.items():
        size = 4 * tensor.numel()
        table[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [at, at + size]}
        at += size
    head = json.dumps(table).encode()
    head += b" " * (-len(head) % 8)

    def write(file):
        file.write(struct.pack("<Q", len(head)) + head)
        for tensor in tensors.values():
            file.write(tensor.numpy().astype("<f4").tobytes())

    replace_file(path, write)


# ====== The model ======


class Attention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width, bias=False)
        self.proj = nn.Linear(width, width)

    def forward(self, x):
        images, tokens, width = x.shape
        head = width // self.heads
        q, k, v = self.qkv(x).view(images, tokens, 3, self.heads, head).permute(2, 0, 3, 1, 4).unbind(0)
        if hasattr(functional, "scaled_dot_product_attention"):
            y = functional.scaled_dot_product_attention(q, k, v)
        else:
            y = ((q * head**-0.5) @ k.transpose(-2, -1)).softmax(-1) @ v
        return self.proj(y.transpose(1, 2).reshape(images, tokens, width))


class Mlp(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x):
        return self.fc2(functional.gelu(self.fc1(x)))


class Block(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.norm1, self.attn = nn.LayerNorm(width), Attention(width, heads)
        self.norm2, self.mlp = nn.LayerNorm(width), Mlp(width)

    def forward(self, x):
        x = x + self.attn(self.norm1(x))
        return x + self.mlp(self.norm2(x))


def blocks(count, width, heads):
    return nn.Sequential(*(Block(width, heads) for _ in range(count)))


def rows_at(x, rows):
    """x (B,T,D) at rows (B,N)."""
    return x.gather(1, rows[..., None].expand(-1, -1, x.shape[-1]))


class Encoder(nn.Module):
    def __init__(self, start):
        super().__init__()
        image, patch, width = (int(start.number(key)) for key in ("image", "patch", "width"))
        self.cls_token = nn.Parameter(torch.zeros(1, 1, width))
        self.pos_embedding = nn.Parameter(torch.zeros((image // patch) ** 2, 1, width))
        self.patchify = nn.Conv2d(3, width, patch, patch)
        self.transformer = blocks(int(start.number("encoder_blocks")), width, int(start.number("encoder_heads")))
        self.layer_norm = nn.LayerNorm(width)

    def forward(self, x, seen=None):
        """x (B,T,F) patches, of which `seen` (B,V) are visible (None: all); (B,V+1,D), the class token first."""
        weight = self.patchify.weight
        z = functional.linear(x, weight.reshape(weight.shape[0], -1), self.patchify.bias)
        z = z + self.pos_embedding[:, 0]
        if seen is not None:
            z = rows_at(z, seen)
        z = torch.cat([self.cls_token.expand(len(x), -1, -1).to(z.dtype), z], 1)
        return self.layer_norm(self.transformer(z))


class MaskedAutoencoder(nn.Module):
    """Its parameters are overwritten by the file of initial weights."""

    def __init__(self, start):
        super().__init__()
        patch, width = (int(start.number(key)) for key in ("patch", "width"))
        self.encoder = Encoder(start)
        self.tokens = len(self.encoder.pos_embedding)
        self.visible = int(self.tokens * (1 - start.number("mask_ratio")))
        decoder = self.decoder = nn.Module()
        decoder.mask_token = nn.Parameter(torch.zeros(1, 1, width))
        decoder.pos_embedding = nn.Parameter(torch.zeros(self.tokens + 1, 1, width))
        decoder.transformer = blocks(int(start.number("decoder_blocks")), width, int(start.number("decoder_heads")))
        decoder.head = nn.Linear(width, 3 * patch**2)

    def forward(self, x, order, target):
        """x (B,T,F) patches, order (B,T) of which the first are visible, target (B,T,F): the mean squared error of
        the hidden ones."""
        decoder, images = self.decoder, len(x)
        seen, hidden = order[:, : self.visible], order[:, self.visible :]
        z = self.encoder(x, seen)
        # Rows may stand in any order as long as each has the position of its patch.
        place = decoder.pos_embedding[:, 0].expand(images, -1, -1)
        masks = decoder.mask_token.expand(images, hidden.shape[1], -1)
        y = torch.cat([z, masks.to(z.dtype)], 1) + torch.cat([place[:, :1], rows_at(place[:, 1:], order)], 1)
        y = decoder.head(decoder.transformer(y)[:, 1 + self.visible :])
        return functional.mse_loss(y.float(), rows_at(target, hidden).float())


class Classifier(nn.Module):
    """The encoder over whole images and a head on its class token."""

    def __init__(self, start):
        super().__init__()
        self.encoder = Encoder(start)
        self.head = nn.Linear(int(start.number("width")), int(start.number("classes")))

    def forward(self, x):
        return self.head(self.encoder(x)[:, 0])


def patches_of(pixels, patch):
    """(B,3072) bytes -> (B,T,F) in [-1,1], F in the order channel, row, column."""
    side = 32 // patch
    x = pixels.view(-1, 3, side, patch, side, patch).permute(0, 2, 4, 1, 3, 5)
    return (2 * x.reshape(len(pixels), side * side, 3 * patch * patch).float() - 255) / 255


# ====== What is learnt ======


class Reconstruction:
    """Hidden patches, by a masked autoencoder: raw, normalised each, or whitened (core/train/target.h)."""

    def __init__(self, start, device):
        self.patch = int(start.number("patch"))
        self.model = MaskedAutoencoder(start)
        self.pixels = start.array("train.npy").to(device)
        self.scale = start.recipe.get("target_scale", "raw")
        if self.scale == "whitened":
            self.mean = start.array("target-mean.npy").float().to(device)
            self.whiten = start.array("target-whiten.npy").to(device)
        elif self.scale not in ("raw", "normalised"):
            die(2, f"{start.recipe['run']}: its target_scale is {self.scale} (train it by `make pretrain`)")

    def target(self, x):
        if self.scale == "whitened":
            with torch.autocast(x.device.type, enabled=False):
                return (x - self.mean) @ self.whiten
        if self.scale == "normalised":
            return (x - x.mean(-1, True)) / (x.var(-1, keepdim=True) + 1e-6).sqrt()
        return x

    def draw(self, batch, generator):
        """The masks of a batch, as an order of its patches (B,T)."""
        return torch.rand(batch, self.model.tokens, generator=generator, device=generator.device).argsort(1)

    def loss(self, model, images, order):
        x = patches_of(self.pixels[images], self.patch)
        return model(x, order, self.target(x))

    def measure(self):
        return None


class Classification:
    """Labels of whole images."""

    def __init__(self, start, device):
        self.patch = int(start.number("patch"))
        self.model = Classifier(start)
        self.pixels, self.labels = (start.array(name).to(device) for name in ("train.npy", "labels.npy"))
        self.test, self.test_labels = (start.array(name).to(device) for name in ("test.npy", "test-labels.npy"))

    def draw(self, batch, generator):
        return torch.empty(batch, 0, device=generator.device)

    def loss(self, model, images, nothing):
        logits = model(patches_of(self.pixels[images], self.patch))
        return functional.cross_entropy(logits.float(), self.labels[images].long())

    def measure(self):
        """The share of test images that are classified right."""
        right = 0
        with torch.no_grad():
            for first in range(0, len(self.test), 500):
                part = slice(first, first + 500)
                answers = self.model(patches_of(self.test[part], self.patch)).argmax(1)
                right += int((answers == self.test_labels[part]).sum())
        return right / len(self.test)


# ====== Training ======


class Group:
    """The processes that torchrun started, each with its GPU; or this one alone."""

    def __init__(self):
        self.count = int(os.environ.get("WORLD_SIZE", 1))
        self.rank = int(os.environ.get("RANK", 0))
        self.cuda = torch.cuda.is_available()
        self.device = torch.device("cuda", int(os.environ.get("LOCAL_RANK", 0))) if self.cuda else torch.device("cpu")
        if self.cuda:
            torch.cuda.set_device(self.device)
        if self.count > 1:
            distributed.init_process_group("nccl" if self.cuda else "gloo")

    def sum(self, tensor):
        if self.count > 1:
            distributed.all_reduce(tensor)
        return tensor

    def sum_gradients(self, parameters):
        if self.count == 1:
            return
        flat = self.sum(torch.cat([p.grad.reshape(-1) for p in parameters]))
        for p, part in zip(parameters, flat.split([p.numel() for p in parameters])):
            p.grad.copy_(part.view_as(p))


class Training:
    """Weights, optimiser and schedule of a recipe; step() makes one update of a batch."""

    def __init__(self, start, options, group):
        self.start, self.group = start, group
        self.batch = int(start.number("batch"))
        self.micro = options.micro or self.usual_micro()
        if self.batch % (group.count * self.micro):
            die(2, f"a batch of {self.batch} is not shared out to {group.count} processes by {self.micro} images at a time")
        self.task = (Classification if start.finetuning() else Reconstruction)(start, group.device)
        self.model, self.images = self.task.model, len(self.task.pixels)
        self.names = list(start.tensors("initial.safetensors"))
        self.load(start.tensors("initial.safetensors"))
        self.model.to(group.device)
        if options.compile and not hasattr(torch, "compile"):
            die(2, f"--compile wants torch 2, this is {torch.__version__}")
        self.run = torch.compile(self.model, dynamic=False) if options.compile else self.model
        self.parameters = list(self.model.parameters())
        self.graph, self.recorded = group.cuda and group.count == 1 and not options.eager, None
        peak = start.number("learning_rate")
        more = {"fused": True, "capturable": self.graph} if group.cuda else {}
        self.optimiser = torch.optim.AdamW(
            self.parameters, torch.tensor(peak, device=group.device) if self.graph else peak,
            betas=(start.number("beta1"), start.number("beta2")), eps=start.number("epsilon"),
            weight_decay=start.number("weight_decay"), **more)
        self.half = group.cuda and not options.float32
        self.updates = 0
        self.loss_sum = torch.zeros((), device=group.device)

    def usual_micro(self):
        """As many images at a time as keep some 8 GB of activations."""
        tokens = (self.start.number("image") / self.start.number("patch")) ** 2
        share, most = self.batch // self.group.count, max(1, PATCHES // int(tokens))
        return max(n for n in range(1, share + 1) if share % n == 0 and n <= most)

    def load(self, tensors):
        try:
            self.model.load_state_dict(tensors)
        except RuntimeError as error:
            die(3, f"{self.start.folder}: initial.safetensors does not fit its recipe: {error}")

    def weights(self):
        """By name, in the C program's order."""
        state = self.model.state_dict()
        return {name: state[name].detach().cpu().contiguous().float() for name in self.names}

    def rate(self):
        """A line over the warm-up, never above the half cosine over the whole run (core/train/schedule.c)."""
        number, step = self.start.number, self.batch / self.images
        epoch, warmup = self.updates * step, number("warmup")
        line = (epoch + step) / warmup if warmup > 0 else 1
        cosine = 0.5 * (1 + math.cos(math.pi * min(epoch / number("epochs"), 1)))
        return number("learning_rate") * min(line, cosine)

    def restore(self, state):
        """Goes on from a checkpoint, which may have been made with or without a graph."""
        self.model.load_state_dict(state["model"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.updates = state["updates"]
        for settings in self.optimiser.param_groups:
            if self.graph:
                settings["lr"] = torch.tensor(self.rate(), device=self.group.device)
            if self.group.cuda:
                settings["capturable"] = self.graph

    def set_rate(self, rate):
        for settings in self.optimiser.param_groups:
            if self.graph:
                settings["lr"].fill_(rate)
            else:
                settings["lr"] = rate

    def gradients(self, images, draws):
        group, share = self.group, self.batch // self.group.count
        self.loss_sum.zero_()
        self.optimiser.zero_grad(set_to_none=True)
        for first in range(group.rank * share, (group.rank + 1) * share, self.micro):
            part = slice(first, first + self.micro)
            with torch.autocast(group.device.type, torch.bfloat16, enabled=self.half):
                loss = self.task.loss(self.run, images[part], draws[part])
            loss = loss * (self.micro / self.batch)
            loss.backward()
            self.loss_sum += loss.detach()

    def record(self, images, draws):
        """Records an update as a graph over `images` and `draws`, which a replay reads anew."""
        self.images_in, self.draws_in = images.clone(), draws.clone()
        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            for _ in range(3):
                self.gradients(self.images_in, self.draws_in)
            if not self.optimiser.state:
                # Moments must exist before they are recorded: an update by zeros at rate 0 changes no weight.
                for p in self.parameters:
                    p.grad.zero_()
                self.set_rate(0)
                self.optimiser.step()
                for state in self.optimiser.state.values():
                    state["step"].zero_()
        torch.cuda.current_stream().wait_stream(side)
        self.recorded = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self.recorded):
            self.gradients(self.images_in, self.draws_in)
            self.optimiser.step()

    def step(self, images, draws):
        """One update by the batch `images` (B) with what was drawn for it; returns this process's share of the loss,
        which the next update overwrites."""
        if self.graph and not self.recorded:
            self.record(images, draws)
        self.set_rate(self.rate())
        if self.graph:
            self.images_in.copy_(images)
            self.draws_in.copy_(draws)
            self.recorded.replay()
        else:
            self.gradients(images, draws)
            self.group.sum_gradients(self.parameters)
            self.optimiser.step()
        self.updates += 1
        return self.loss_sum

    def metadata(self, seed):
        start, group = self.start, self.group
        device = torch.cuda.get_device_name(group.device) if group.cuda else "a CPU"
        many = f"{group.count} x " if group.count > 1 else ""
        recipe = start.recipe
        facts = {
            "format": "pt", "run": recipe["run"], "tier": recipe["tier"], "data": start.facts["data"],
            "updates": str(self.updates), "images_seen": str(self.updates * self.batch), "epochs": recipe["epochs"],
            "heads": recipe["encoder_heads"], "decoder_heads": recipe["decoder_heads"], "patch": recipe["patch"],
            "mask_ratio": recipe["mask_ratio"], "weights_sha256": digest_of(self.weights()),
            "recipe": start.text(), "seed": str(seed), "data_digest": start.facts["data_digest"],
            "arithmetic": "bf16 autocast" if self.half else "fp32",
            "trainer": f"PyTorch {torch.__version__} on {many}{device}",
        }
        if "target_scale" in recipe:
            facts["target_scale"] = recipe["target_scale"]
        return facts


class Stream:
    """Batches: the permutations of the epochs one after the other, and what is drawn for each batch; the same in
    every process."""

    def __init__(self, training, seed):
        self.training, self.count = training, training.images
        self.generator = torch.Generator(training.group.device).manual_seed(seed)
        self.order = self.permutation()

    def permutation(self):
        return torch.randperm(self.count, generator=self.generator, device=self.generator.device)

    def take(self):
        batch = self.training.batch
        at, images = self.training.updates * batch % self.count, []
        need = batch
        while need > 0:
            images.append(self.order[at : at + need])
            need -= len(images[-1])
            at += len(images[-1])
            if at == self.count:
                self.order, at = self.permutation(), 0
        return torch.cat(images), self.training.task.draw(batch, self.generator)


class Files:
    """The log, the checkpoint and the weights of a run; written by process 0 alone."""

    COLUMNS = ("epoch", "updates", "loss", "learning_rate", "images_per_second", "weights_sha256")

    def __init__(self, options, start):
        root = options.out or os.path.join(start.folder, "..", "..")
        run = start.recipe["run"]
        folder = os.path.join(root, start.finetuning() or os.path.join("runs", run))
        self.weights = os.path.join(root, "weights", run + ".safetensors")
        if start.finetuning():
            self.weights = os.path.join(folder, "weights.safetensors")
            self.COLUMNS += ("test_accuracy",)
        self.folder, self.log = folder, os.path.join(folder, "log.tsv")
        self.checkpoint = os.path.join(folder, "torch.pt")
        self.rows = []

    def lock(self, patient):
        """One training of a run at a time, and none while the C program trains any (core/train/training_lock.c): waits
        for the other one, or ends where others would wait in vain for this process. The end of the process unlocks."""
        os.makedirs(self.folder, exist_ok=True)
        places = ((os.path.dirname(self.folder), fcntl.LOCK_SH), (self.folder, fcntl.LOCK_EX))
        self.held = [open(os.path.join(place, ".lock"), "w") for place, _ in places]
        for held, (_, kind) in zip(self.held, places):
            try:
                fcntl.flock(held, kind | fcntl.LOCK_NB)
            except BlockingIOError:
                if not patient:
                    die(4, f"{self.folder}: another training is running (wait for it to end)")
                print(f"{self.folder}: another training is running, waiting for it to end", file=sys.stderr, flush=True)
                fcntl.flock(held, kind)

    def row(self, *cells):
        self.rows.append([str(cell) for cell in cells if cell is not None])
        lines = ["\t".join(row) + "\n" for row in [self.COLUMNS] + self.rows]
        replace_file(self.log, lambda file: file.write("".join(lines).encode()))

    def accuracies(self):
        """What the suite asks for of a finetuning: the last accuracy, and the first of the best ones."""
        rows = [(float(row[-1]), float(row[0])) for row in self.rows]
        best = max(rows, key=lambda row: row[0])
        return {"test_accuracy": repr(rows[-1][0]), "best_test_accuracy": repr(best[0]), "best_epoch": repr(best[1])}

    def save(self, training, stream, same, loss_sum, logged):
        state = dict(same=same, model=training.model.state_dict(), optimiser=training.optimiser.state_dict(),
                     generator=stream.generator.get_state(), order=stream.order, updates=training.updates, rows=self.rows,
                     loss_sum=loss_sum, logged=logged)
        replace_file(self.checkpoint, lambda file: torch.save(state, file))

    def resume(self, training, stream, same):
        """Returns the sum of the losses since the last line of the log, and that line's updates."""
        if not os.path.exists(self.checkpoint):
            return 0, 0
        try:
            state = torch.load(self.checkpoint, map_location=training.group.device)
        except Exception as error:  # damaged bytes raise errors of any kind
            die(3, f"{self.checkpoint}: cannot be read: {error} (remove it to begin anew)")
        differ = [key for key in same if state["same"].get(key) != same[key]]
        if differ:
            die(3, f"{self.checkpoint}: is of a training with another {', '.join(differ)} (give the same options, or remove it)")
        training.restore(state)
        stream.generator.set_state(state["generator"].cpu())
        stream.order, self.rows = state["order"], state["rows"]
        if training.group.rank == 0:
            print(f"going on after update {training.updates}", flush=True)
        return state["loss_sum"], state["logged"]


def train(training, options, stream, files, same):
    group, start = training.group, training.start
    images = training.images
    total = math.ceil(math.ceil(start.number("epochs") * images * (1 - 1e-12)) / training.batch)
    loss_sum, logged = files.resume(training, stream, same)
    signals = []

    def asked_to_end(*_):
        # torchrun sends on what the terminal has sent already; one who insists comes later.
        if signals and time.time() - signals[0] > INSIST:
            os._exit(4)
        signals.append(time.time())

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1):
        signal.signal(number, asked_to_end)
    told = saved = time.time()
    shown = begun = training.updates
    line_sum = torch.tensor(float(loss_sum) if group.rank == 0 else 0.0, device=group.device)
    line_started = time.time()
    while training.updates < total:
        line_sum += training.step(*stream.take())
        done, epoch = training.updates, training.updates * training.batch // images
        line = done == total or epoch > (done - 1) * training.batch // images
        if line:
            loss, seconds = float(group.sum(line_sum)) / (done - logged), time.time() - line_started
            if not math.isfinite(loss):
                die(4, f"the loss after update {done} is not finite (lower --lr; the last checkpoint is left)")
            if group.rank == 0:
                rate = float(training.optimiser.param_groups[0]["lr"])
                files.row(start.recipe["epochs"] if done == total else epoch, done, loss, rate,
                          f"{(done - begun) * training.batch / seconds:.6g}", digest_of(training.weights()),
                          training.task.measure())
            line_sum.zero_()
            logged, begun, line_started = done, done, time.time()
        stop = bool(signals)
        if group.count > 1:  # all look at the same updates
            stop = False
            if done % LOOK == 0:
                stop = bool(group.sum(torch.tensor(float(len(signals)), device=group.device)))
        now = time.time()
        if group.rank == 0 and now - told > TELL:
            print(f"epoch {done * training.batch / images:.3f}, update {done} of {total}, "
                  f"{(done - shown) * training.batch / (now - told):.0f} images/s", flush=True)
            told, shown = now, done
        if group.rank == 0 and done < total and line and now - saved > options.save:
            files.save(training, stream, same, 0.0, logged)
            saved = now
        if stop and done < total:
            loss_sum = float(group.sum(line_sum))
            if group.rank == 0:
                files.save(training, stream, same, loss_sum, logged)
                die(4, f"interrupted after update {done} of {total} (the same command goes on)")
            sys.exit(4)
    if group.rank == 0:
        facts = training.metadata(options.seed)
        if start.finetuning():
            # The C program's word for the kernels in force, which made none of these numbers.
            facts.update(files.accuracies(), core_type="none")
        safetensors_write(files.weights, training.weights(), facts)
        if os.path.exists(files.checkpoint):
            os.remove(files.checkpoint)
        print(f"{files.weights}: trained, {total} updates")


def compare(training):
    """Replays the C program's first batches. A loss may differ by rounding, LOSS_TOLERANCE relative. AdamW divides
    a gradient by its own size, so one that is all rounding moves its weight by a whole step in either program: of
    the difference of the weights as a whole, |ours - theirs| / |theirs - initial|, WEIGHT_TOLERANCE is allowed."""
    start, device = training.start, training.group.device
    batches, losses = start.array("batches.npy").to(device).long(), start.array("losses.npy")
    draws = batches[..., None] if start.finetuning() else start.array("masks.npy").to(device).long()
    ours = [float(training.step(images, drawn)) for images, drawn in zip(batches, draws)]
    loss = max(abs(a - float(b)) / abs(float(b)) for a, b in zip(ours, losses))
    square = lambda tensors: sum(float((t.double() ** 2).sum()) for t in tensors)
    before, after, got = start.tensors("initial.safetensors"), start.tensors("after.safetensors"), training.weights()
    moved = math.sqrt(square(after[name] - before[name] for name in after))
    apart = math.sqrt(square(got[name] - after[name] for name in after)) / moved
    good = loss <= LOSS_TOLERANCE and apart <= WEIGHT_TOLERANCE
    print(f"{len(ours)} updates: losses within {loss:.1e} (allowed {LOSS_TOLERANCE:.0e}), weights within {apart:.1e} of "
          f"their way (allowed {WEIGHT_TOLERANCE:.0e}): {'agrees with' if good else 'DIFFERS from'} the C program")
    return 0 if good else 1


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("start")
    parser.add_argument("--out", help="folder of weights/ and runs/ [that of START]")
    parser.add_argument("--batch", type=int, help="images an update [the recipe's]")
    parser.add_argument("--epochs", type=float, help="[the recipe's]; the warm-up keeps its share")
    parser.add_argument("--warmup", type=float, help="epochs")
    parser.add_argument("--lr", type=float, help="peak learning rate [the recipe's]")
    parser.add_argument("--micro", type=int, help="images on a GPU at a time [all of its share]")
    parser.add_argument("--seed", type=int, help="of order and masks [that of START]")
    parser.add_argument("--save", type=float, default=300, help="seconds between checkpoints [300]")
    parser.add_argument("--float32", action="store_true", help="no bfloat16")
    parser.add_argument("--eager", action="store_true", help="record no graph on a GPU")
    parser.add_argument("--compile", action="store_true", help="torch.compile: a minute's wait, then faster")
    parser.add_argument("--force", action="store_true", help="replace weights that exist")
    parser.add_argument("--check", action="store_true", help="compare with the C program, train nothing")
    options = parser.parse_args()
    for key, least in (("batch", 1), ("micro", 1), ("epochs", 1e-6), ("lr", 1e-12), ("warmup", 0), ("save", 0)):
        given = getattr(options, key)
        if given is not None and not least <= given < math.inf:
            die(2, f"--{key} {given}: is not a number from {least:g} up")
    start = Start(options.start)
    if options.check:
        options.float32 = True
    if options.epochs and not options.warmup:
        start.replace("warmup", start.number("warmup") * options.epochs / start.number("epochs"))
    for key in ("batch", "epochs", "warmup"):
        start.replace(key, getattr(options, key))
    start.replace("learning_rate", options.lr)
    options.seed = start.seed if options.seed is None else options.seed
    files = Files(options, start)
    if not options.check and os.environ.get("RANK", "0") == "0":
        try:
            files.lock(patient=os.environ.get("WORLD_SIZE", "1") == "1")
        except OSError as error:
            die(4, f"{files.folder}: cannot be locked: {error} (use a folder on a local disk, that can be written)")
    if os.path.exists(files.weights) and not options.force and not options.check:
        die(3, f"{files.weights}: is there already (move it away, or FORCE=1)")
    group = Group()
    training = Training(start, options, group)
    if options.check:
        return compare(training)
    same = {"recipe": start.text(), "seed": options.seed, "data digest": start.facts["data_digest"],
            "arithmetic": "bf16" if training.half else "fp32"}
    train(training, options, Stream(training, options.seed), files, same)
    return 0


if __name__ == "__main__":
    sys.exit(main())
