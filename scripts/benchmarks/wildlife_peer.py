"""The peer's side of `speed.py`, `training.py` and `wildlife_accuracy.py`, in an interpreter with wildlife-tools, by our net.

    PEER-PYTHON scripts/benchmarks/wildlife_peer.py features FOLDER OUT.npy
    PEER-PYTHON scripts/benchmarks/wildlife_peer.py train FOLDER FROZEN-BLOCKS EPOCHS PHOTOS-OF-AN-INDIVIDUAL
    PEER-PYTHON scripts/benchmarks/wildlife_peer.py known TASK.json

The net is our base net by torch, so that both do the same work; photos are squashed to its input by torchvision's Resize on
what wildlife-tools reads (OpenCV, the whole picture). Prints one JSON line: seconds by the clock and of the processors.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path

import numpy as np
import pandas
from torchvision import transforms
from wildlife_tools.data import WildlifeDataset
from wildlife_tools.features.deep import DeepFeatures

from reid.nets import net_files


def processors() -> float:
    """Seconds of all cores, of this process and of the children that ended."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + ended.ru_utime + ended.ru_stime


def features(folder: Path, out: Path) -> None:
    card, net = net_files.load(net_files.BASE)
    paths = sorted(str(path) for path in folder.iterdir())
    shape = transforms.Compose([transforms.Resize(card.image_size), transforms.ToTensor()])
    table = pandas.DataFrame({"path": paths, "identity": ["one"] * len(paths)})
    extract = DeepFeatures(net, batch_size=16, num_workers=1)
    extract(WildlifeDataset(table.head(1), transform=shape))  # what is loaded at first use is not counted
    wall, cores = time.perf_counter(), processors()
    found = extract(WildlifeDataset(table, transform=shape))
    seconds = {"wall": time.perf_counter() - wall, "cpu": processors() - cores}
    np.save(out, found)
    print(json.dumps(seconds))


def train(folder: Path, frozen: int, epochs: int, photos: int) -> None:
    """Train our base net by its `BasicTrainer`, with the batch, loss and optimiser of our defaults."""
    import torch
    from wildlife_tools.train import BasicTrainer, TripletLoss

    from reid.settings import TrainSettings

    settings = TrainSettings()
    card, net = net_files.load(net_files.BASE)
    net.requires_grad_(True)
    for block in list(net.features.children())[:frozen]:
        block.requires_grad_(False)
    paths = sorted(str(path) for path in folder.iterdir())
    table = pandas.DataFrame({"path": paths, "identity": [f"n{row // photos}" for row in range(len(paths))]})
    shape = transforms.Compose([transforms.Resize(card.image_size), transforms.ToTensor()])
    learned = [one for one in net.parameters() if one.requires_grad]
    trainer = BasicTrainer(
        dataset=WildlifeDataset(table, transform=shape), model=net,
        objective=TripletLoss(margin=settings.margin, mining="semihard", distance="cosine"),
        optimizer=torch.optim.AdamW(learned, lr=settings.learning_rate, weight_decay=settings.weight_decay), epochs=epochs,
        device="cpu", batch_size=settings.individuals_per_batch * settings.photos_per_individual, num_workers=1,
        epoch_callback=lambda trainer, epoch_data: losses.append(float(epoch_data["train_loss_epoch_avg"])),
    )  # fmt: skip
    losses: list[float] = []
    wall, cores = time.perf_counter(), processors()
    trainer.train()
    told = {"wall": time.perf_counter() - wall, "cpu": processors() - cores, "loss": losses[-1]}
    print(json.dumps({**told, "seen": epochs * len(paths)}))


def known(task: Path) -> None:
    """Train from start weights on the photos of known individuals by its `BasicTrainer` and ArcFace, then embed all photos."""
    import torch
    from wildlife_tools.train import ArcFaceLoss, BasicTrainer

    from reid.nets.networks import EmbeddingNet
    from reid.settings import TrainSettings

    asked, settings = json.loads(task.read_text()), TrainSettings()
    torch.manual_seed(0)
    net = EmbeddingNet(settings.backbone, dimension=settings.dimension, pooling=settings.pooling)
    net.load_state_dict(net_files.read_state(Path(asked["weights"])), strict=False)
    for block in list(net.features.children())[: asked["frozen"]]:
        block.requires_grad_(False)
    table = pandas.DataFrame({"path": asked["paths"], "identity": asked["identities"]})
    taught = table[np.asarray(asked["taught"])]
    size = tuple(asked["size"])
    shape = transforms.Compose([transforms.Resize(size), transforms.RandAugment(num_ops=2, magnitude=20), transforms.ToTensor()])
    data = WildlifeDataset(taught, transform=shape)
    objective = ArcFaceLoss(num_classes=data.num_classes, embedding_size=settings.dimension)
    learned = [one for one in net.parameters() if one.requires_grad] + list(objective.parameters())
    optimizer = torch.optim.AdamW(learned, lr=settings.learning_rate, weight_decay=settings.weight_decay)
    trainer = BasicTrainer(
        dataset=data, model=net, objective=objective, optimizer=optimizer, epochs=asked["epochs"], device="cpu", num_workers=1,
        scheduler=torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, asked["epochs"]),
        batch_size=settings.individuals_per_batch * settings.photos_per_individual,
    )  # fmt: skip
    begun = time.perf_counter()
    trainer.train()
    wall = time.perf_counter() - begun
    plain = transforms.Compose([transforms.Resize(size), transforms.ToTensor()])
    found = DeepFeatures(net.eval(), batch_size=16, num_workers=1)(WildlifeDataset(table, transform=plain))
    vectors = np.asarray(found.features if hasattr(found, "features") else found, np.float32)
    np.save(asked["out"], vectors)
    print(json.dumps({"wall": wall}))


if __name__ == "__main__":
    if sys.argv[1] == "features":
        features(Path(sys.argv[2]), Path(sys.argv[3]))
    elif sys.argv[1] == "known":
        known(Path(sys.argv[2]))
    else:
        train(Path(sys.argv[2]), *map(int, sys.argv[3:6]))
