"""Writes tests/golden/imagefolder/: a tiny folder of JPEG files, the weights of a tiny ViT under published names, and
what Pillow and PyTorch make of them.

Run:  /usr/bin/python3 tests/golden/make_imagefolder_golden.py    (made with Debian 12: Pillow 9.4, torch 1.13.0a0)

images/{train,val}/nXXXXXXXX/*.JPEG   3 classes; odd sizes, grey, CMYK, EXIF-rotated, progressive, a PNG named .JPEG
bad/*.JPEG          files that must be refused by name (cut short, no picture, empty)
vit.safetensors     FB's names; metadata "heads"
hf.safetensors      the same numbers under Hugging Face's names, a prefix, and a bit of a decoder
manifest.tsv        path label mode width height resized_width resized_height left top rank sha256; row order below
crops.npy           (n,3,S,S) u1  Resize(S/.875, bicubic), CenterCrop(S)
normalise.npy       (3,256) f4    value of each byte of R, G, B
tokens.npy          (4,L+2,T+1,D) of the first 4 rows: the embedding, after each block, after the norm; class token first
summary.npy         (n,2,D)       class token and mean patch token after the norm
tuned.safetensors   the same encoder finetuned: fc_norm and head in the place of norm
logits.npy          (n,3)         of that: head(fc_norm(mean of the patch tokens before the norm))
partial/*.npy       on the train images: head, logits, mean cross-entropy, gradients of the last qkv and of the head

Rows: train, then val; classes and files in byte order of their names. rank: place within the class by SHA-256 of
"class/file". Everything is computed in double from float32 weights and stored as float32.
"""
import hashlib, io, json, os, struct
import numpy as np, torch, torch.nn.functional as F
from PIL import Image, __version__ as PILLOW

OUT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "imagefolder")
R = np.random.default_rng(1)
S, PATCH, D, H, L, SHOWN = 32, 8, 16, 2, 2, 4
SIDE, T, RESIZE = S // PATCH, (S // PATCH) ** 2, int(S / .875)
MEAN, STD = (.485, .456, .406), (.229, .224, .225)


# ====== Pictures ======

def picture(w, h, tint):
    """Smooth colour, rectangles and a little noise: (h,w,3) bytes."""
    y, x = np.mgrid[0:h, 0:w]
    a = np.stack([127 + 90 * np.sin(x / R.uniform(5, 40) + y / R.uniform(5, 40) + R.uniform(0, 6)) for _ in range(3)], -1)
    for _ in range(6):
        x0, y0 = R.integers(0, w), R.integers(0, h)
        a[y0:y0 + R.integers(2, h), x0:x0 + R.integers(2, w)] = R.integers(0, 256, 3)
    a[..., tint] += 40
    return np.clip(np.rint(a + R.normal(0, 6, a.shape)), 0, 255).astype(np.uint8)


def encoded(kind, w, h, tint):
    a, f = picture(w, h, tint), io.BytesIO()
    if kind == "grey":
        Image.fromarray(a).convert("L").save(f, "JPEG", quality=80)
    elif kind == "cmyk":
        k = R.integers(0, 120, (h, w, 1), dtype=np.uint8)
        Image.fromarray(np.concatenate([a, k], -1), "CMYK").save(f, "JPEG", quality=90)
    elif kind == "exif":
        e = Image.Exif()
        e[0x0112] = 6
        Image.fromarray(a).save(f, "JPEG", quality=85, exif=e.tobytes())
    elif kind == "png":
        Image.fromarray(a[::2, ::2] // 32 * 32).convert("RGBA").save(f, "PNG")
    else:
        Image.fromarray(a).save(f, "JPEG", **{"444": dict(quality=90, subsampling=0), "422": dict(quality=85, subsampling=1),
                                              "420": dict(quality=75), "prog": dict(quality=75, progressive=True)}[kind])
    return f.getvalue()


FILES = [("train", [("420", 131, 97), ("444", 97, 131), ("grey", 75, 111), ("420", RESIZE, RESIZE)]),
         ("train", [("cmyk", 90, 67), ("exif", 120, 83), ("422", 40, 57)]),
         ("train", [("prog", 150, 113), ("png", 120, 90), ("420", 200, 33)]),
         ("val", [("420", 123, 99), ("444", 61, 64)]), ("val", [("grey", 64, 61), ("exif", 71, 140)]), ("val", [("cmyk", 88, 77)])]


def write(path, data):
    path = os.path.join(OUT, path)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as f:
        f.write(data)


def make_folder():
    for i, (split, kinds) in enumerate(FILES):
        name = f"n{i % 3 + 1:08d}"
        for j, (kind, w, h) in enumerate(kinds):
            write(f"images/{split}/{name}/{name}_{(7919 * j + 13) % 100}.JPEG", encoded(kind, w, h, i % 3))
    whole = encoded("420", 120, 90, 0)
    for name, data in (("cut", whole[:len(whole) * 2 // 3]), ("no-end", whole[:-2]), ("header", whole[:300]),
                       ("text", b"not a picture\n"), ("empty", b"")):
        write(f"bad/{name}.JPEG", data)


def half_even(n):                                                      # torchvision: int(round(n / 2.0))
    return int(round(n / 2))


def load():
    """Crops, labels and the manifest."""
    crops, labels, rows = [], [], []
    for split in ("train", "val"):
        root = os.path.join(OUT, "images", split)
        for label, c in enumerate(sorted(os.listdir(root))):
            names = sorted(os.listdir(os.path.join(root, c)))
            order = sorted(names, key=lambda n: hashlib.sha256(f"{c}/{n}".encode()).digest())
            for n in names:
                data = open(os.path.join(root, c, n), "rb").read()
                raw = Image.open(io.BytesIO(data))                     # EXIF's rotation is not applied
                w, h = raw.size
                size = (RESIZE, RESIZE * h // w) if w <= h else (RESIZE * w // h, RESIZE)
                left, top = half_even(size[0] - S), half_even(size[1] - S)
                im = raw.convert("RGB").resize(size, Image.BICUBIC).crop((left, top, left + S, top + S))
                crops.append(np.asarray(im).transpose(2, 0, 1))
                labels.append(label)
                rows.append((f"{split}/{c}/{n}", label, raw.mode, w, h, *size, left, top, order.index(n),
                             hashlib.sha256(data).hexdigest()))
                check_torchvision(raw, im, rows[-1][0])
    with open(os.path.join(OUT, "manifest.tsv"), "w") as f:
        f.write("path\tlabel\tmode\twidth\theight\tresized_width\tresized_height\tleft\ttop\trank\tsha256\n")
        f.writelines("\t".join(map(str, r)) + "\n" for r in rows)
    return np.stack(crops), torch.tensor(labels), sum(r[0].startswith("train") for r in rows)


def check_torchvision(raw, ours, name):
    try:
        import torchvision.transforms as V
    except ImportError:
        return
    theirs = V.Compose([V.Resize(RESIZE, V.InterpolationMode.BICUBIC), V.CenterCrop(S)])(raw.convert("RGB"))
    assert (np.asarray(theirs) == np.asarray(ours)).all(), name


# ====== Weights ======

def positions():
    """MAE's fixed sin-cos positions (1,T+1,D): column first, then row; half sines, half cosines; 0 for the class token."""
    def one(p):
        a = np.outer(p, 1 / 10000 ** (np.arange(D // 4) / (D / 4)))
        return np.concatenate([np.sin(a), np.cos(a)], 1)
    col, row = np.meshgrid(np.arange(SIDE), np.arange(SIDE))
    return np.concatenate([np.zeros((1, D)), np.concatenate([one(col.ravel()), one(row.ravel())], 1)])[None]


def class_position():
    """Published files have zeros for the class token; numbers show whether they are added."""
    row = np.zeros((1, T + 1, D))
    row[0, 0] = R.normal(0, .02, D)
    return row


def make_weights():
    def normal(*shape, std=.02, mean=0.):
        return (mean + std * R.standard_normal(shape)).astype(np.float32)
    def matrix(n, k):
        return normal(n, k, std=(2 / (n + k)) ** .5)
    w = {"cls_token": normal(1, 1, D), "pos_embed": (positions() + class_position()).astype(np.float32),
         "patch_embed.proj.weight": matrix(D, 3 * PATCH ** 2).reshape(D, 3, PATCH, PATCH), "patch_embed.proj.bias": normal(D, std=.1)}
    for i in range(L):
        b = f"blocks.{i}."
        w |= {b + "norm1.weight": normal(D, std=.2, mean=1), b + "norm1.bias": normal(D, std=.2),
              b + "attn.qkv.weight": 2 * matrix(3 * D, D), b + "attn.qkv.bias": normal(3 * D, std=.3),
              b + "attn.proj.weight": matrix(D, D), b + "attn.proj.bias": normal(D, std=.1),
              b + "norm2.weight": normal(D, std=.2, mean=1), b + "norm2.bias": normal(D, std=.2),
              b + "mlp.fc1.weight": matrix(4 * D, D), b + "mlp.fc1.bias": normal(4 * D, std=.1),
              b + "mlp.fc2.weight": matrix(D, 4 * D), b + "mlp.fc2.bias": normal(D, std=.1)}
    return w | {"norm.weight": normal(D, std=.2, mean=1), "norm.bias": normal(D, std=.2)}


HF = (("cls_token", "embeddings.cls_token"), ("pos_embed", "embeddings.position_embeddings"),
      ("patch_embed.proj", "embeddings.patch_embeddings.projection"), ("blocks.", "encoder.layer."), ("norm1", "layernorm_before"),
      ("norm2", "layernorm_after"), ("attn.proj", "attention.output.dense"), ("mlp.fc1", "intermediate.dense"), ("mlp.fc2", "output.dense"))


def hf_names(w):
    out = {}
    for k, v in w.items():
        if k.startswith("norm."):
            out["vit.layernorm." + k[5:]] = v
            continue
        if "attn.qkv" in k:
            for j, part in enumerate(("query", "key", "value")):
                out["vit." + k.replace("blocks.", "encoder.layer.").replace("attn.qkv", "attention.attention." + part)] = v[j * D:(j + 1) * D]
            continue
        for a, b in HF:
            k = k.replace(a, b)
        out["vit." + k] = v
    return out | {"decoder.mask_token": np.zeros((1, 1, 8), np.float32), "decoder.decoder_embed.weight": np.ones((8, D), np.float32),
                  "decoder.decoder_embed.bias": np.zeros(8, np.float32)}


def save_tensors(name, tensors):
    head, at = {"__metadata__": {"format": "pt", "heads": str(H)}}, 0
    for k, v in tensors.items():
        head[k] = {"dtype": "F32", "shape": list(v.shape), "data_offsets": [at, at := at + v.nbytes]}
    h = json.dumps(head).encode()
    h += b" " * (-len(h) % 8)
    write(name, struct.pack("<Q", len(h)) + h + b"".join(np.ascontiguousarray(v).tobytes() for v in tensors.values()))


# ====== The encoder, from the facebook names and, a second time, from the other ones ======

def encode(w, x, eps=1e-6):
    """Every layer's tokens, [(n,T+1,D)] * (L + 2)."""
    z = F.conv2d(x, w["patch_embed.proj.weight"], w["patch_embed.proj.bias"], stride=PATCH).flatten(2).transpose(1, 2)
    z = torch.cat([w["cls_token"].expand(len(x), -1, -1), z], 1) + w["pos_embed"]
    layers = [z]
    for i in range(L):
        g = lambda k: w[f"blocks.{i}.{k}"]
        u = F.layer_norm(z, (D,), g("norm1.weight"), g("norm1.bias"), eps)
        q, k, v = F.linear(u, g("attn.qkv.weight"), g("attn.qkv.bias")).view(len(x), T + 1, 3, H, D // H).permute(2, 0, 3, 1, 4)
        a = (q @ k.transpose(-2, -1) / (D // H) ** .5).softmax(-1) @ v
        z = z + F.linear(a.transpose(1, 2).flatten(2), g("attn.proj.weight"), g("attn.proj.bias"))
        u = F.layer_norm(z, (D,), g("norm2.weight"), g("norm2.bias"), eps)
        z = z + F.linear(F.gelu(F.linear(u, g("mlp.fc1.weight"), g("mlp.fc1.bias"))), g("mlp.fc2.weight"), g("mlp.fc2.bias"))
        layers.append(z)
    return layers + [F.layer_norm(z, (D,), w["norm.weight"], w["norm.bias"], eps)]


def from_hf(w):
    back = {}
    for k, v in w.items():
        if not k.startswith("vit.") or ".key." in k or ".value." in k:
            continue
        v = torch.cat([v, w[k.replace("query", "key")], w[k.replace("query", "value")]]) if ".query." in k else v
        k = k[4:].replace("attention.attention.query", "attn.qkv").replace("layernorm.", "norm.")
        for a, b in HF:
            k = k.replace(b, a)
        back[k] = v
    return back


def npy(name, a):
    f = io.BytesIO()
    np.save(f, a.numpy().astype(np.float32) if torch.is_tensor(a) else a)
    write(name, f.getvalue())


def partial(w, x, labels):
    """Head and last qkv: the gradients that class-row-only code must reach, for it reads nothing but the class token."""
    last = f"blocks.{L - 1}.attn.qkv."
    head, bias = torch.from_numpy(R.standard_normal((3, D)) * .3).requires_grad_(), torch.from_numpy(R.standard_normal(3) * .1).requires_grad_()
    w = dict(w)
    for k in ("weight", "bias"):
        w[last + k] = w[last + k].clone().requires_grad_()
    logits = F.linear(encode(w, x)[-1][:, 0], head, bias)
    loss = F.cross_entropy(logits, labels)
    loss.backward()
    assert w[last + "bias"].grad[D:2 * D].abs().max() < 1e-12          # the keys' bias cancels in the softmax
    for k, v in {"head-weight": head, "head-bias": bias, "logits": logits, "loss": loss, "dhead-weight": head.grad, "dhead-bias": bias.grad,
                 "dqkv-weight": w[last + "weight"].grad, "dqkv-bias": w[last + "bias"].grad}.items():
        npy(f"partial/{k}.npy", v.detach())
    return float(loss)


def main():
    make_folder()
    crops, labels, train = load()
    value = torch.stack([(torch.arange(256, dtype=torch.float32) / 255 - m) / s for m, s in zip(MEAN, STD)])
    x = torch.stack([value[c][torch.from_numpy(crops[:, c].astype(np.int64))] for c in range(3)], 1)
    weights = make_weights()
    hf = hf_names(weights)
    save_tensors("vit.safetensors", weights)
    save_tensors("hf.safetensors", hf)
    double = lambda t: {k: torch.from_numpy(v).double() for k, v in t.items()}
    layers = encode(double(weights), x.double())
    again = encode(from_hf(double(hf)), x.double())
    assert all(torch.equal(a, b) for a, b in zip(layers, again))
    z, other = layers[-1], encode(double(weights), x.double(), 1e-12)[-1]
    npy("crops.npy", crops)
    npy("normalise.npy", value)
    npy("tokens.npy", torch.stack(layers, 1)[:SHOWN])
    npy("summary.npy", torch.stack([z[:, 0], z[:, 1:].mean(1)], 1))
    tuned = {"fc_norm.weight": R.normal(1, .2, D).astype(np.float32), "fc_norm.bias": R.normal(0, .2, D).astype(np.float32),
             "head.weight": R.normal(0, 1, (3, D)).astype(np.float32), "head.bias": R.normal(0, 1, 3).astype(np.float32)}
    save_tensors("tuned.safetensors", {k: v for k, v in weights.items() if not k.startswith("norm.")} | tuned)
    t = double(tuned)
    mean = F.layer_norm(layers[-2][:, 1:].mean(1), (D,), t["fc_norm.weight"], t["fc_norm.bias"], 1e-6)
    npy("logits.npy", F.linear(mean, t["head.weight"], t["head.bias"]))
    loss = partial(double(weights), x[:train].double(), labels[:train])
    single = encode({k: torch.from_numpy(v) for k, v in weights.items()}, x)[-1]
    print(f"Pillow {PILLOW}, torch {torch.__version__}: {len(crops)} images ({train} train), {sum(v.size for v in weights.values())} weights, "
          f"partial loss {loss:.6f}; float32 differs by {float((single - z).abs().max()):.1e}, eps 1e-12 by {float((other - z).abs().max()):.1e}")


main()
