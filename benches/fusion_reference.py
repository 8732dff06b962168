"""Speed of the fusion network against its authors' PyTorch code; see fusion.sh.

    python fusion_reference.py REPO BENCH [--rounds N]   measures both, interleaved
    python fusion_reference.py REPO train|infer          a worker: one measurement per line of stdin

REPO is a checkout of https://github.com/WarmCongee/SDUMC; nothing of it is copied here. Model and
losses are called directly, since their script wants a GPU. What their script computes and never
uses (frames dropped at random) is left out.
"""

import argparse
import contextlib
import importlib.util
import json
import resource
import subprocess
import sys
import tempfile
import time
import types
from pathlib import Path

import torch

BATCH, MODALITIES = 96, ("audio", "text", "video")
STEPS = {"audio": 200, "real": 60, "simulated": 60, "video": 100}
WIDTHS = {"audio": 1024, "text": 4096, "video": 1024}
# The weights of the losses in their training script, in undertone's terms.
LOSS = {"complete": 0.5, "missing": 0.5, "query": 0.1, "cross": 0.7, "fused": 0.1, "contrast": 0.8}
VIEWS = ("fused", "at", "tv", "av", "audio", "text", "video")


def module(repo, path):
    spec = importlib.util.spec_from_file_location(Path(path).stem, Path(repo) / path)
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


class Reference:
    """Their model and losses, as their training script calls them."""

    def __init__(self, repo):
        torch.manual_seed(1)
        models = module(repo, "toolkit/models/wengnet_mosei_mult_views_text_missing.py")
        losses = module(repo, "toolkit/utils/loss.py")
        args = types.SimpleNamespace(input_dims=[WIDTHS[m] for m in MODALITIES])
        with contextlib.redirect_stdout(sys.stderr):
            # Their script passes the width of the layers and a dropout of 0.3.
            self.model = models.WengnetMOSEIMultViewsTextMissing(args)
        self.mse, self.rmse, self.rnc = losses.MSELoss(), losses.RMSELoss(), losses.RnCLoss()
        self.optimiser = torch.optim.Adam(self.model.parameters(), lr=1e-4, weight_decay=1e-5)

    def loss(self, batch):
        flows = [(batch["real"], False), (batch["simulated"], True)]
        (y0, e0), (y1, e1) = (
            self.model([batch["audio"], text, batch["video"], missing]) for text, missing in flows
        )
        views = torch.stack((e0[1], e1[1]), dim=1)
        labels = batch["labels"]
        total = (
            LOSS["complete"] * self.mse(y0, labels)
            + LOSS["missing"] * self.mse(y1, labels)
            + LOSS["query"] * self.rmse(e1[2], e0[2].detach())
            + LOSS["cross"] * self.rmse(e1[3], e0[3].detach())
            + LOSS["fused"] * self.rmse(e1[0], e0[0])
            + LOSS["contrast"] * self.rnc(views, labels.unsqueeze(1))
        )
        return total, y0, y1

    def train(self, batch):
        self.model.train()
        self.optimiser.zero_grad()
        total, y0, y1 = self.loss(batch)
        total.backward()
        self.optimiser.step()
        return total.item()

    def infer(self, batch):
        self.model.eval()
        with torch.no_grad():
            self.model([batch["audio"], batch["real"], batch["video"], False])


def make_batch(count=BATCH, steps=STEPS):
    torch.manual_seed(2)
    width = lambda name: WIDTHS.get(name, WIDTHS["text"])
    batch = {name: torch.randn(count, time, width(name)) for name, time in steps.items()}
    return batch | {"labels": torch.rand(count) * 6 - 3}


def peak_mib():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def work(repo, mode):
    """Answers each line with the seconds of one call and the peak memory so far."""
    reference = Reference(repo)
    batch = make_batch()
    if mode == "infer":
        del batch["simulated"]
    for _ in sys.stdin:
        started = time.perf_counter()
        getattr(reference, mode)(batch)
        seconds = time.perf_counter() - started
        print(json.dumps({"seconds": seconds, "peak_mib": peak_mib()}), flush=True)


def renamed():
    """Their parameters' names and ours, for those that both use."""
    pairs = {"fc_att": "alpha", "cross_fc_att": "beta", "fc_out_v": "score"}
    pairs |= {f"attention_mlp.{3 * i}": f"attention.{i}" for i in (0, 1)}
    pairs |= {f"cross_attention_mlp.{3 * i}": f"combine.{i}" for i in (0, 1)}
    pairs |= {f"orgin_linear_change.{2 * i}": f"contrast.{i}" for i in (0, 1)}
    pairs |= {f"cross_{v}_query_mlp.0": f"query.{i}.0" for i, v in enumerate(VIEWS)}
    for i, m in enumerate(MODALITIES):
        pairs[f"frame_dim_reshape_{i}"] = f"project.{m}"
        pairs[f"fra2utt_{i}.input_proj"] = f"pool.{m}.key"
        pairs[f"cross_att_fra2utt_{i}.input_proj"] = f"cross.{m}.key"
        pairs[f"cross_att_fra2utt_{i}.query_proj"] = f"cross.{m}.query"
        pairs |= {f"{m}_mlp.{3 * j}": f"pool.{m}.mlp.{j}" for j in (0, 1)}
        pairs |= {f"cross_{m}_mlp.{3 * j}": f"cross.{m}.mlp.{j}" for j in (0, 1)}
    names = {f"{a}.{k}": f"{b}.{k}" for a, b in pairs.items() for k in ("weight", "bias")}
    context = {f"fra2utt_{i}.attention_context_vector": f"pool.{m}.context" for i, m in enumerate(MODALITIES)}
    return names | context


def compare(repo, bench, precision):
    """The largest differences of scores, loss and gradients, without dropout."""
    from safetensors.torch import load_file, save_file

    reference = Reference(repo)
    reference.model.eval()
    batch = make_batch(8, {name: time // 4 for name, time in STEPS.items()})
    total, y0, y1 = reference.loss(batch)
    total.backward()
    theirs = {"loss": total.reshape(1), "complete": y0.reshape(-1), "missing": y1.reshape(-1)}
    parameters = dict(reference.model.named_parameters())
    tensors = {f"batch.{name}": tensor for name, tensor in batch.items()}
    for name, ours in renamed().items():
        shape = (-1,) if ours.endswith("context") else parameters[name].shape
        tensors[f"weight.{ours}"] = parameters[name].detach().reshape(shape).clone()
        theirs[f"gradient.{ours}"] = parameters[name].grad.reshape(shape)
    with tempfile.TemporaryDirectory() as folder:
        given, found = Path(folder) / "given.safetensors", Path(folder) / "found.safetensors"
        save_file(tensors, given)
        subprocess.run([bench, "check", precision, given, found], check=True)
        ours = load_file(found)
    kinds = {"scores": ("complete", "missing"), "loss": ("loss",)}
    kinds["gradients"] = [name for name in theirs if name.startswith("gradient.")]
    difference = lambda name: (ours[name] - theirs[name]).abs().max().item()
    size = lambda name: theirs[name].abs().max().item()
    return {
        kind: (max(map(difference, names)), max(map(size, names))) for kind, names in kinds.items()
    }


class Worker:
    def __init__(self, *command):
        self.process = subprocess.Popen(
            list(map(str, command)), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.seconds, self.peak_mib = [], 0

    def once(self, counts):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        self.peak_mib = answer["peak_mib"]
        if counts:
            self.seconds.append(answer["seconds"])

    def rate(self):
        """Calls per second: of the median call, which a busy neighbour moves least."""
        return 1 / sorted(self.seconds)[len(self.seconds) // 2]


def measure(repo, bench, mode, precisions, rounds):
    workers = {"reference": Worker(sys.executable, __file__, repo, mode)}
    workers |= {f"undertone {p}": Worker(bench, mode, p) for p in precisions}
    for turn in range(rounds + 1):
        for worker in workers.values():
            worker.once(counts=turn > 0)
    theirs = workers["reference"]
    for name, worker in workers.items():
        ratio, memory = worker.rate() / theirs.rate(), worker.peak_mib / theirs.peak_mib
        print(
            f"{mode:6} {name:15} {worker.rate():6.2f} /s  {ratio:5.2f}x"
            f"  {worker.peak_mib:6.0f} MiB  {memory:5.2f}x"
        )
        worker.process.stdin.close()
        worker.process.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("repo")
    parser.add_argument("bench", help="the bench program, or train or infer for a worker")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--precisions", nargs="+", default=["f32"])
    args = parser.parse_args()
    if args.bench in ("train", "infer"):
        return work(args.repo, args.bench)
    for precision in args.precisions:
        for kind, (difference, size) in compare(args.repo, args.bench, precision).items():
            print(f"{precision}: {kind} differ by at most {difference:.1e} (largest {size:.1e})")
    for mode in ("train", "infer"):
        measure(args.repo, args.bench, mode, args.precisions, args.rounds)


if __name__ == "__main__":
    main()
