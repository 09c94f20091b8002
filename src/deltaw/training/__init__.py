"""Training: the loop, early stopping, history and checkpoints."""

from deltaw.engines.look import Look
from deltaw.training.history import Epoch, History
from deltaw.training.loop import train
from deltaw.training.pack import train_pack
from deltaw.training.stopping import EarlyStopping

__all__ = ["EarlyStopping", "Epoch", "History", "Look", "train", "train_pack"]
