# Tangled from docs/8-the-tool/04-the-command-line.md by scripts/tangle.py: edit the chapters, not this file. [sha256:ba39c9628cccfb89]
"""A complete GPT in plain Python, told by the chapters in docs/. The algorithm is that of Karpathy's microgpt."""

from .checkpoint import Checkpoint, CheckpointError, load, save
from .data import Tokenizer, load_docs
from .files import DataError
from .gpt import add, attention_head, empty_cache, gpt, linear, mlp, multi_head_attention, rmsnorm, softmax
from .infer import distribution, generate, sample
from .params import PRESETS, Config, Params, count_params, flatten, init_params, shapes
from .train import Adam, DivergenceError, document_loss, learning_rate, train
from .value import Value, dot

__version__ = "0.1.0"

__all__ = [
    "PRESETS", "Adam", "Checkpoint", "CheckpointError", "Config", "DataError", "DivergenceError", "Params",
    "Tokenizer", "Value", "add", "attention_head", "count_params", "distribution", "document_loss", "dot",
    "empty_cache", "flatten", "generate", "gpt", "init_params", "learning_rate", "linear", "load", "load_docs", "mlp",
    "multi_head_attention", "rmsnorm", "sample", "save", "shapes", "softmax", "train",
]
