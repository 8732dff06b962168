"""What the authors' released PyTorch code computes, as arrays for authors.rs.

    python crates/training/src/tests/authors.py CHECKOUT

CHECKOUT is a checkout of WarmCongee/SDUMC; nothing of it is kept but numbers. Their widths are
written into their source, so small ones are put in their place before it runs: the arrays stay
small. Sequences have equal lengths (they do not mask), dropout is off, MIA is not called by their
forward pass. Written to authors.safetensors beside this script: inputs, weights under our names,
both flows' outputs, the loss terms, the gradients, and 20 steps of their optimiser.
"""

import sys
import types
from pathlib import Path

import torch
from safetensors.torch import save_file

WIDTHS = {"audio": 5, "text": 6, "video": 4}
STEPS = {"audio": 9, "text": 4, "video": 3, "simulated": 7}
BATCH = 12
RATE = 1e-3
# complete, missing, fused, query, cross, contrast
WEIGHTS = (0.5, 0.5, 0.13, 0.1, 0.7, 0.5)

NAMES = {
    "frame_dim_reshape_{m}": "project.{name}",
    "fra2utt_{m}.input_proj": "pool.{name}.key",
    "{name}_mlp.0": "pool.{name}.mlp.0",
    "{name}_mlp.3": "pool.{name}.mlp.1",
    "cross_att_fra2utt_{m}.input_proj": "cross.{name}.key",
    "cross_att_fra2utt_{m}.query_proj": "cross.{name}.query",
    "cross_{name}_mlp.0": "cross.{name}.mlp.0",
    "cross_{name}_mlp.3": "cross.{name}.mlp.1",
    "attention_mlp.0": "attention.0",
    "attention_mlp.3": "attention.1",
    "fc_att": "alpha",
    "cross_attention_mlp.0": "combine.0",
    "cross_attention_mlp.3": "combine.1",
    "cross_fc_att": "beta",
    "fc_out_v": "score",
    "orgin_linear_change.0": "contrast.0",
    "orgin_linear_change.2": "contrast.1",
}
QUERIES = ("fused", "at", "tv", "av", "audio", "text", "video")


def names():
    """Their parameter names to ours."""
    table = {}
    for m, name in enumerate(WIDTHS):
        for theirs, ours in NAMES.items():
            for kind in ("weight", "bias"):
                table[f"{theirs.format(m=m, name=name)}.{kind}"] = f"{ours.format(name=name)}.{kind}"
        table[f"fra2utt_{m}.attention_context_vector"] = f"pool.{name}.context"
    for q, query in enumerate(QUERIES):
        for kind in ("weight", "bias"):
            table[f"cross_{query}_query_mlp.0.{kind}"] = f"query.{q}.0.{kind}"
    return table


def theirs(checkout):
    """Their network, made small, and their losses."""
    model = types.ModuleType("model")
    source = (checkout / "toolkit/models/wengnet_mosei_mult_views_text_missing.py").read_text()
    source = source.replace("256", "16").replace("128", "8").replace("64", "8")
    exec(source, model.__dict__)
    loss = types.ModuleType("loss")
    exec((checkout / "toolkit/utils/loss.py").read_text(), loss.__dict__)
    args = types.SimpleNamespace(input_dims=list(WIDTHS.values()))
    return model.WengnetMOSEIMultViewsTextMissing(args).eval(), loss


def forward(model, loss, x):
    """Both flows' outputs by our names, and the terms of the loss."""
    real, full = model([x["audio"], x["text"], x["video"], False])
    simulated, miss = model([x["audio"], x["simulated"], x["video"], True])
    squared, rmse, labels = loss.MSELoss(), loss.RMSELoss(), x["labels"]
    terms = [
        squared(real, labels),
        squared(simulated, labels),
        rmse(miss[0], full[0]),
        rmse(miss[2], full[2].detach()),
        rmse(miss[3], full[3].detach()),
        loss.RnCLoss()(torch.stack((full[1], miss[1]), dim=1), labels.unsqueeze(1)),
    ]
    outputs = {}
    for flow, score, rest in (("complete", real, full), ("missing", simulated, miss)):
        kinds = ("fused", "contrast", "text_query", "text_cross")
        outputs[f"{flow}.score"] = score.squeeze(1)
        outputs |= {f"{flow}.{kind}": tensor for kind, tensor in zip(kinds, rest)}
    return outputs, terms


def total(terms):
    return sum(weight * term for weight, term in zip(WEIGHTS, terms))


def schedule(epoch):
    """Their factor on the learning rate, epochs counted from 0."""
    return (epoch + 1) / 5 if epoch < 5 else 0.9 ** ((epoch - 4) // 10)


def main():
    torch.manual_seed(7)
    checkout = Path(sys.argv[1])
    model, loss = theirs(checkout)
    table = names()
    x = {name: torch.randn(BATCH, STEPS[name], WIDTHS[name]) for name in WIDTHS}
    x["simulated"] = torch.randn(BATCH, STEPS["simulated"], WIDTHS["text"])
    x["labels"] = torch.randint(-9, 10, (BATCH,)) / 3
    parameters = {table[name]: p for name, p in model.named_parameters() if name in table}
    assert len(parameters) == len(table), set(table) - set(dict(model.named_parameters()))
    flat = lambda name, tensor: tensor.detach().clone().flatten() if "context" in name else tensor.detach().clone()

    arrays = {f"input.{name}": tensor for name, tensor in x.items()}
    arrays |= {f"weight.{name}": flat(name, p) for name, p in parameters.items()}
    outputs, terms = forward(model, loss, x)
    arrays |= {f"output.{name}": tensor.detach().clone() for name, tensor in outputs.items()}
    arrays["terms"] = torch.stack(terms).detach()
    total(terms).backward()
    arrays |= {f"gradient.{name}": flat(name, p.grad) for name, p in parameters.items()}

    adam = torch.optim.Adam(model.parameters(), lr=RATE, weight_decay=1e-5)
    scheduler = torch.optim.lr_scheduler.LambdaLR(adam, schedule)
    rates, losses = [], []
    for _ in range(20):
        adam.zero_grad()
        value = total(forward(model, loss, x)[1])
        value.backward()
        rates.append(adam.param_groups[0]["lr"])
        losses.append(value.item())
        adam.step()
        scheduler.step()
    arrays["steps.rate"] = torch.tensor(rates)
    arrays["steps.loss"] = torch.tensor(losses)
    arrays |= {f"after.{name}": flat(name, p) for name, p in parameters.items()}
    out = Path(__file__).with_suffix(".safetensors")
    save_file({name: tensor.float().contiguous() for name, tensor in arrays.items()}, out)
    print(f"{out}: {len(arrays)} arrays")


if __name__ == "__main__":
    main()
