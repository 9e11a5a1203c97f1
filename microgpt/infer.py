# Tangled from docs/5-inference/01-generating-text.md by scripts/tangle.py: edit the chapters, not this file. [sha256:fce7c782cf4460f4]
"""Inference: let the trained model write."""

from __future__ import annotations

import random
from collections.abc import Iterator

from .data import Tokenizer
from .gpt import empty_cache, gpt, softmax
from .params import Config, Params
from .value import Vector


def distribution(logits: Vector, temperature: float) -> list[float]:
    """Return the next token's probabilities: softmax(logits / temperature); at 0 all on the largest. (n,) -> (n,)."""
    if temperature == 0:
        best = max(range(len(logits)), key=lambda i: logits[i].data)
        return [float(i == best) for i in range(len(logits))]
    return [p.data for p in softmax([logit / temperature for logit in logits])]


def prompt_tokens(prompt: str, tokenizer: Tokenizer, config: Config) -> list[int]:
    """Return the tokens to begin with: BOS and the prompt.

    Raises ValueError if the prompt has an unknown character or leaves no place in the block.
    """
    for char in prompt:
        if char not in tokenizer.ids:
            raise ValueError(f"the character {char!r} is not in the alphabet {''.join(tokenizer.chars)!r}")
    tokens = [tokenizer.bos, *tokenizer.encode(prompt)]
    if len(tokens) > config.block_size:
        raise ValueError(f"{len(prompt)} characters leave no room in a block of {config.block_size}; give fewer")
    return tokens


def generate(
    params: Params, config: Config, tokenizer: Tokenizer, rng: random.Random, prompt: str = ""
) -> Iterator[tuple[int, list[float]]]:
    """Yield each token written after `prompt`, with the probabilities it was drawn from; BOS, if drawn, is the last.

    Raises ValueError if the prompt has an unknown character or leaves no place in the block.
    """
    tokens = prompt_tokens(prompt, tokenizer, config)
    keys, values = empty_cache(config)
    for pos_id in range(config.block_size):
        logits = gpt(tokens[pos_id], pos_id, keys, values, params, config)
        if pos_id + 1 < len(tokens):
            continue  # still reading the prompt
        probs = distribution(logits, config.temperature)
        [token_id] = rng.choices(range(len(probs)), weights=probs)
        yield token_id, probs
        if token_id == tokenizer.bos:
            return
        tokens.append(token_id)


def sample(
    params: Params, config: Config, tokenizer: Tokenizer, rng: random.Random, prompt: str = ""
) -> str:
    """Return one text that begins with `prompt`. Raises ValueError as `generate` does."""
    return prompt + tokenizer.decode([token_id for token_id, _ in generate(params, config, tokenizer, rng, prompt)])
