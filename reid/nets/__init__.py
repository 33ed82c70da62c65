"""The nets: torchvision backbones, our two heads, saving and loading, fast inference. The only torchvision."""

from reid import threads

threads.prepare()  # before any module here loads torch
