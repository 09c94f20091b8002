"""The equations on PyTorch's tensors: `engine` trains, `replay` records its steps for a GPU, `ondevice` has the rows,
`devices` says which device, and `tensors` gives NumPy's functions to PyTorch."""

from deltaw.engines.torch.engine import TorchEngine

__all__ = ["TorchEngine"]
