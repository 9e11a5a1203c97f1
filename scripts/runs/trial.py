"""Train one model and compare it on documents that it didn't read. Run by paired.py, in a process of its own.

    python3 trial.py '{"program": "gpt", "options": {"n_layer": 0}, "docs": […], "kept_out": […], "seed": 42}'

The package that is imported is the one in PYTHONPATH, which may be a variant. Nothing else of the project is, so that
any Python that runs the program can run this: PyPy gives the same numbers in a quarter of the time. Prints JSON.
"""

import importlib
import json
import random
import sys
from dataclasses import replace

import microgpt
from microgpt import DivergenceError, Tokenizer


def trial(program, options, docs, kept_out, seed, steps, drawn=200):
    """Return what becomes of a program with some options, on documents in the order of a seed.

    Losses are means of −log p a token over a document, in nats; `held_out` is their mean over `kept_out`, and
    `per_letter` the same over all of their tokens.
    """
    rng = random.Random(seed)
    tokenizer = Tokenizer(docs)
    left_out, docs = set(kept_out), list(docs)
    rng.shuffle(docs)
    docs = [doc for doc in docs if doc not in left_out]
    if program in ("train0", "fallback"):
        module = importlib.import_module(f"microgpt.ladder.{program}")
        size = tokenizer.vocab_size
        counts = module.empty_tables() if program == "fallback" else [[0] * size for _ in range(size)]
        model = (counts, size) if program == "fallback" else (counts,)
        training = module.train(docs, tokenizer, counts, steps)
    else:
        module = microgpt if program == "gpt" else importlib.import_module(f"microgpt.ladder.{program}")
        config = module.Config()
        if program == "gpt":
            config = replace(config, steps=steps, **options)
        else:
            for name, value in {"steps": steps, **options}.items():
                setattr(config, name, value)
        params = module.init_params(config, tokenizer.vocab_size, rng)
        model = (params, config)
        training = module.train(docs, tokenizer, *model)
    try:
        losses = [loss for _, loss in training]
    except (DivergenceError, ArithmeticError, ValueError) as error:
        return {"error": str(error)}
    tokens = [[tokenizer.bos, *tokenizer.encode(doc), tokenizer.bos] for doc in kept_out]
    scores = [getattr(loss, "data", loss) for loss in (module.document_loss(ids, *model) for ids in tokens)]
    if program == "gpt":
        texts = [microgpt.sample(params, config, tokenizer, rng) for _ in range(drawn)]
    else:
        arguments = (model[0], tokenizer, rng) if program == "fallback" else (*model, tokenizer, rng)
        texts = [tokenizer.decode([t for t, _ in module.generate(*arguments)]) for _ in range(drawn)]
    return {
        "held_out": sum(scores) / len(scores),
        "last_100": sum(losses[-100:]) / len(losses[-100:]),
        "losses": [round(loss, 4) for loss in losses],
        "texts": texts,
    }


if __name__ == "__main__":
    print(json.dumps(trial(**json.load(sys.stdin))))
