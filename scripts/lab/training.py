"""A training that the reader watches: in slices, between which the page can ask for names, or the reader for a pause."""

from __future__ import annotations

import random
import re
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, fields, replace
from importlib.util import find_spec, module_from_spec
from pathlib import Path
from statistics import fmean
from types import ModuleType
from typing import Any

from .. import ROOT
from ..figures._stages import stage_list
from ..text.chapter import Chapter

KEPT_OUT = 100  # documents at the end of the shuffled data that are only measured; a tenth of a small data set
TEXT_LIMIT = 5_000_000  # bytes of the reader's own data
LONGEST = 5_000  # characters of a document; longer ones are no lines that a person wrote


def modules_in_force() -> dict[str, ModuleType]:
    """The package's modules, as an import gives them now."""
    return {name: module for name, module in sys.modules.items() if name == "microgpt" or name.startswith("microgpt.")}


class Model:
    """A model, trained or being trained, and the package it was made with, which needn't be in force any more."""

    def __init__(self, config: Any, tokenizer: Any, params: Any, losses: list[float]) -> None:
        import microgpt

        self.microgpt, self._modules = microgpt, modules_in_force()
        self.config, self.tokenizer, self.params = config, tokenizer, params
        self.losses = losses
        self.docs: list[str] = []  # that it learns from, and those kept out; of a model that was saved nobody knows them
        self.kept_out: list[str] = []
        self.rng = random.Random(config.seed)
        self._passes: ModuleType | None = None  # the functions that look inside, of the package that trains

    def about(self) -> dict[str, Any]:
        """What a page has to know of the model before it is trained."""
        from microgpt import count_params

        size = self.tokenizer.vocab_size
        return {
            "docs": len(self.docs), "kept_out": len(self.kept_out), "alphabet": "".join(self.tokenizer.chars),
            "vocab_size": size, "params": count_params(self.config, size), "steps": self.config.steps,
        }  # fmt: skip

    def names(self, count: int, temperature: float | None = None, prompt: str = "") -> list[str]:
        """What the model writes now, with random numbers of their own, so that the run stays as it would be.

        Raises ValueError for a prompt that it can't read.
        """
        config = self.config if temperature is None else replace(self.config, temperature=temperature)
        rng = random.Random(self.config.seed)
        return [self.microgpt.sample(self.params, config, self.tokenizer, rng, prompt) for _ in range(count)]

    def final_names(self) -> list[str]:
        """What `python -m microgpt` writes after this training: the random numbers go on after the parameters'."""
        state = self.rng.getstate()
        names = [self.microgpt.sample(self.params, self.config, self.tokenizer, self.rng) for _ in range(self.config.samples)]
        self.rng.setstate(state)
        return names

    def next_letters(self, prompt: str, temperature: float | None = None) -> list[tuple[str, float]]:
        """The probabilities of what comes after `prompt`, the likeliest first; "" is the end. Raises ValueError."""
        config = replace(self.config, temperature=self.config.temperature if temperature is None else temperature)
        drawn = self.microgpt.generate(self.params, config, self.tokenizer, random.Random(0), prompt)
        probs = next(drawn)[1]
        letters = [*self.tokenizer.chars, ""]
        return sorted(zip(letters, probs), key=lambda entry: -entry[1])

    def inside(self, text: str, layer: int = 0) -> dict[str, Any]:
        """What the model does with a text, in one layer: see `passed` of scripts/runs/passes.py; and what figures of it need.

        Raises ValueError for a text that it can't read, a layer that it doesn't have, or a program whose stages are others.
        """
        if self._passes is None:
            self._passes = self._own("scripts.runs.passes")
        config = self.config
        if not 0 <= layer < max(1, config.n_layer):
            raise ValueError(f"there is no layer {layer}")
        reader = self._passes.Reader(config, self.tokenizer, {config.steps: self.params})
        self._passes.tokens_of(text, reader)  # its own words for what it can't read
        try:
            found = self._passes.passed(text, reader, layer)
        except (AttributeError, LookupError):
            raise ValueError("your program's stages are not those of the book, and can't be told apart") from None
        vocabulary = [{" ": "␣", "\t": "⇥"}.get(char, char) for char in self.tokenizer.chars] + ["BOS"]
        return {"passed": found, "vocabulary": vocabulary, "n_layer": config.n_layer, "stages": self._stages(found, vocabulary, layer)}

    def _stages(self, found: dict[str, Any], vocabulary: list[str], layer: int) -> str:
        def link(chapter: str) -> tuple[str, str]:
            path = f"3-architecture/{chapter}"
            return Chapter(ROOT / f"docs/{path}.md").title, f"../{path}/"

        return stage_list(found, len(found["tokens"]) - 1, vocabulary, self.config, layer, link)

    def _own(self, name: str) -> ModuleType:
        """A module of the book's scripts that knows this training's package, which needn't be in force any more."""
        others = {other: sys.modules.pop(other) for other in modules_in_force()}
        sys.modules.update(self._modules)
        try:
            spec = find_spec(name)
            module = module_from_spec(spec)
            spec.loader.exec_module(module)
            return module
        finally:
            for own in modules_in_force():
                del sys.modules[own]
            sys.modules.update(others)

    def weights(self) -> dict[str, list[list[float]]]:
        """The numbers of every matrix."""
        return {name: [[p.data for p in row] for row in matrix] for name, matrix in self.params.items()}

    def saved(self) -> str:
        """The model as --save writes it."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "model.json")
            self.microgpt.save(str(path), self.config, self.tokenizer, self.params, self.losses)
            return path.read_text(encoding="utf-8")


class Training(Model):
    """One model, trained on `docs` with settings of Config; the package that is in force now trains it."""

    def __init__(self, docs: list[str], settings: dict[str, Any], keep_out: bool = True) -> None:
        """Raises ValueError with Config's own sentence for a setting that can't be."""
        import microgpt

        config, tokenizer, docs = microgpt.Config(**settings), microgpt.Tokenizer(docs), list(docs)
        rng = random.Random(config.seed)
        rng.shuffle(docs)
        super().__init__(config, tokenizer, microgpt.init_params(config, tokenizer.vocab_size, rng), [])
        self.docs, self.rng = docs, rng
        number = min(KEPT_OUT, len(docs) // 10) if keep_out else 0
        self.kept_out = docs[len(docs) - number :]
        self.held_out: dict[int, float] = {}
        self._steps = microgpt.train(docs[: len(docs) - number], tokenizer, self.params, config)
        self._raised: Exception | None = None
        self._measuring: Iterator[float] | None = None

    @property
    def done(self) -> bool:
        return len(self.losses) >= self.config.steps

    def slice(self, seconds: float, steps: int = 10**9) -> list[float]:
        """Train for about so long, or so many steps; return the losses. What the program raises is raised by the next
        call if this one has losses to return."""
        if self._raised:
            raise self._raised
        end, start = time.perf_counter() + seconds, len(self.losses)
        while not self.done and len(self.losses) - start < steps:
            try:
                self.losses.append(float(next(self._steps)[1]))
            except Exception as error:
                if len(self.losses) == start:
                    raise
                self._raised = error
                break
            if time.perf_counter() >= end:
                break
        return self.losses[start:]

    def measure(self, seconds: float) -> float | None:
        """Go on for about so long with the mean loss of the documents kept out, which it returns when it has it."""
        if self._measuring is None:
            self._measured: list[float] = []
            self._measuring = self._measure()
        end = time.perf_counter() + seconds
        for loss in self._measuring:
            self._measured.append(loss)
            if time.perf_counter() >= end:
                return None
        self._measuring = None
        mean = self.held_out[len(self.losses)] = fmean(self._measured)
        return mean

    def _measure(self) -> Iterator[float]:
        bos = self.tokenizer.bos
        for doc in self.kept_out:
            loss = self.microgpt.document_loss([bos, *self.tokenizer.encode(doc), bos], self.params, self.config)
            yield getattr(loss, "data", loss)


def loaded(text: str, source: str) -> Model:
    """A model that was saved. Raises CheckpointError, which calls the file `source`."""
    import microgpt

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model.json")
        path.write_text(text, encoding="utf-8")
        try:
            checkpoint = microgpt.load(str(path))
        except microgpt.CheckpointError as error:
            raise microgpt.CheckpointError(str(error).replace(str(path), source)) from None
    return Model(checkpoint.config, checkpoint.tokenizer, checkpoint.params, list(checkpoint.losses))


def read_docs(data: bytes, source: str) -> list[str]:
    """The documents in the reader's data. Raises DataError with what is wrong and what to do."""
    import microgpt
    from microgpt.data import decode_docs

    if len(data) > TEXT_LIMIT:
        raise microgpt.DataError(f"{source}: {len(data) / 1e6:.1f} MB are more than the lab takes, which is 5 MB; cut it")
    docs = decode_docs(data, source)
    longest = max(map(len, docs))
    if longest > LONGEST:
        raise microgpt.DataError(
            f"{source}: a line of {longest:,} characters; a document is one line, so break the text into lines"
        )
    return docs


def described(docs: list[str]) -> dict[str, Any]:
    """What a page shows of data: how much, which characters, the longest, ten at random."""
    chars = sorted(set("".join(docs)))
    drawn = random.Random(len(docs)).sample(docs, min(10, len(docs)))
    return {"docs": len(docs), "alphabet": "".join(chars), "longest": max(docs, key=len), "some": drawn}


def knobs() -> list[dict[str, Any]]:
    """The fields of Config: what each is, as the comment beside it says, and its values in both editions."""
    import inspect

    import microgpt
    from microgpt.params import CHOICES

    editions = {name: asdict(config) for name, config in microgpt.PRESETS.items()}
    source = inspect.getsource(microgpt.Config)
    comments = dict(re.findall(r"^    (\w+): .*?  # (.+)$", source, re.M))
    return [
        {
            "name": field.name, "type": type(field.default).__name__, "choices": CHOICES.get(field.name),
            "about": comments.get(field.name, ""), "values": {name: edition[field.name] for name, edition in editions.items()},
        }
        for field in fields(microgpt.Config)
    ]  # fmt: skip
