"""The nets: torchvision backbones, our two heads, saving and loading, fast inference. The only torchvision."""
