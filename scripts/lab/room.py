"""All that the page may ask of the program, by name. The page's side of it is docs/assets/js/lab/client.js."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from time import perf_counter
from typing import Any

from . import exercises
from .blocks import Examples
from .program import Change, Program
from .training import Model, Training, described, knobs, loaded, read_docs


MODEL = "docs/assets/data/model.json"
# By name: the package's own are other classes after each change.
REFUSALS = ("Refused", "CheckpointError", "DataError", "DivergenceError")


class Refused(Exception):
    """What the reader has to know: a setting, a text or a file that can't be."""


class Room:
    """The program with the reader's changes, the examples that ran, and the training."""

    def __init__(self, root: str, tell: Callable[[str], None]) -> None:
        """`tell` takes JSON, and shows the page what happens while something is computed."""
        self.program = Program(Path(root))
        self._tell = tell
        self._examples: dict[str, Examples] = {}
        self._baseline: dict[str, dict[int, list[bool | None]]] = {}
        self.model: Model | None = None
        self.docs: list[str] | None = None
        self._passes: Any = None

    def call(self, name: str, arguments: str) -> str:
        """Do what is asked; JSON in and out. An answer has `value`, or `refused`, or `trace` of what was raised."""
        try:
            value = getattr(self, f"do_{name}")(**json.loads(arguments))
            return json.dumps({"value": value})
        except Exception as error:
            if type(error).__name__ in REFUSALS:
                return json.dumps({"refused": str(error)})
            return json.dumps({"trace": self.program.told(error, {})})

    def tell(self, event: dict[str, Any]) -> None:
        self._tell(json.dumps(event))

    # ------------------------------------------------------------------------------------ changes

    def do_apply(self, changes: list[dict]) -> dict[str, Any]:
        """Bring the changes into force that fit the book; name those that don't, and what tangle has against the rest.

        After a fault none is in force, as the page says, whatever was before.
        """
        all_changes = [Change(**change) for change in changes]
        stale = self.program.stale(all_changes)
        fitting = [i for i in range(len(changes)) if i not in stale]
        faults = [
            {**fault._asdict(), "change": fitting[fault.change] if fault.change >= 0 else -1}
            for fault in self.program.apply([all_changes[i] for i in fitting])
        ]
        if faults:
            self.program.apply([])
        return {"stale": stale, "faults": faults}

    def do_patch(self, changes: list[dict]) -> str:
        all_changes = [Change(**change) for change in changes]
        stale = self.program.stale(all_changes)
        return self.program.patch([change for i, change in enumerate(all_changes) if i not in stale])

    # ----------------------------------------------------------------------------------- examples

    def examples(self, chapter: str) -> Examples:
        if chapter not in self._examples:
            self._examples[chapter] = Examples(self.program, chapter)
        return self._examples[chapter]

    def do_code(self, chapter: str, text: str, nth: int) -> str:
        return self.examples(chapter).code(self._find(chapter, text, nth))

    def do_run(self, chapter: str, text: str, nth: int, edited: list[dict]) -> dict[str, Any]:
        """Run a block; `edited` are blocks of the chapter that the reader changed, each {text, nth, code}."""
        texts = {self._find(chapter, block["text"], block["nth"]): block["code"] for block in edited}
        before, results = self.examples(chapter).run(self._find(chapter, text, nth), texts, self.tell)
        return {"before": before, "results": [result._asdict() for result in results]}

    def _find(self, chapter: str, text: str, nth: int) -> int:
        try:
            return self.examples(chapter).find(text, nth)
        except LookupError as error:
            raise Refused(f"{error}; load the page again") from None

    def do_compare(self, chapter: str) -> list[dict[str, Any]]:
        """Run the chapter's examples with the changed program; those that give something else than without changes."""
        changed = dict(Examples(self.program, chapter).run_all(self.tell))
        different = {i: results for i, results in changed.items() if any(r.same is False for r in results)}
        if different and chapter not in self._baseline:  # some can't be run here at all, and differ anyhow
            self.tell({"baseline": True})
            with self.program.unchanged():
                ran = dict(Examples(self.program, chapter).run_all(self.tell))
                self._baseline[chapter] = {i: [r.same for r in results] for i, results in ran.items()}
        listed = []
        blocks = Examples(self.program, chapter).blocks
        for i, results in different.items():
            before = self._baseline[chapter][i]
            wrong = [r for k, r in enumerate(results) if r.same is False and before[k : k + 1] != [False]]
            if wrong:
                listed.append({"text": blocks[i].text, "results": [r._asdict() for r in wrong]})
        return listed

    # ---------------------------------------------------------------------------------- exercises

    def do_check(self, chapter: str, id: str, code: str) -> dict[str, Any]:
        """Hold the reader's code for an exercise against its asserts: see exercises.check."""
        try:
            asserts = exercises.asserts_of(self.program.root / chapter, id)
        except LookupError as error:
            raise Refused(f"{error}; load the page again") from None
        return exercises.check(self.program, code, asserts, self.tell)

    # ----------------------------------------------------------------------------------- training

    def do_knobs(self) -> list[dict[str, Any]]:
        return knobs()

    def do_data(self, text: str | None = None, file: str | None = None, source: str = "your text") -> dict[str, Any]:
        """Take data: the reader's text, a file of the book, or with neither the built-in names."""
        import microgpt

        if text is not None:
            self.docs = read_docs(text.encode("utf-8", "surrogatepass"), source)
        else:
            self.docs = microgpt.load_docs(str(self.program.root / file) if file else None)
        return described(self.docs)

    def do_file(self, data: str, source: str) -> dict[str, Any]:
        """Take data from a file: its bytes in base64."""
        self.docs = read_docs(b64decode(data), source)
        return described(self.docs)

    def do_estimate(self, settings: dict[str, Any]) -> float:
        """How many seconds a training will take, from a few steps of it."""
        training = self._begun(settings, keep_out=True)
        start = perf_counter()
        losses = training.slice(1.0, min(5, training.config.steps))
        return (perf_counter() - start) / max(1, len(losses)) * training.config.steps

    def _begun(self, settings: dict[str, Any], keep_out: bool, names: bool = False) -> Training:
        import microgpt

        try:
            return Training(self.docs if self.docs and not names else microgpt.load_docs(), settings, keep_out)
        except (ValueError, TypeError) as error:
            raise Refused(str(error)) from None

    def do_start(self, settings: dict[str, Any], keep_out: bool, names: bool = False) -> dict[str, Any]:
        """Begin a training on the data that were taken, or with `names` on the built-in ones."""
        self.model = self._begun(settings, keep_out, names)
        return self.model.about()

    def do_slice(self, seconds: float, steps: int = 10**9) -> dict[str, Any]:
        losses = self._training.slice(seconds, steps)
        return {"losses": losses, "step": len(self._training.losses), "done": self._training.done}

    def do_measure(self, seconds: float) -> float | None:
        return self._training.measure(seconds)

    def do_names(self, count: int, temperature: float | None = None, prompt: str = "") -> list[str]:
        return self._refusing(lambda: self._model.names(count, temperature, prompt))

    def do_final_names(self) -> list[str]:
        return self._model.final_names()

    def do_next_letters(self, prompt: str, temperature: float | None = None) -> list[tuple[str, float]]:
        return self._refusing(lambda: self._model.next_letters(prompt, temperature))

    def do_inside(self, text: str, layer: int = 0) -> dict[str, Any]:
        """What the model that was trained here does with a text, with its program: see Model.inside."""
        return self._refusing(lambda: self._model.inside(text, layer))

    def do_weights(self) -> dict[str, list[list[float]]]:
        return self._model.weights()

    def do_save(self) -> str:
        return self._model.saved()

    def do_load(self, text: str, source: str = "the file") -> dict[str, Any]:
        self.model = loaded(text, source)
        return {**self.model.about(), "losses": self.model.losses}

    def do_known(self, names: list[str]) -> list[bool]:
        """Which of the texts stand in the data?"""
        docs = set(self._model.docs)
        return [name in docs for name in names]

    # ------------------------------------------------------------------------------------ figures

    def do_look(self, what: str, text: str) -> Any:
        """What the recorded model of the unchanged program makes of a text, in the form in which figures have it recorded.

        `what` is a function of scripts/runs/passes.py: `passed`, `played` or `last_logits`.
        """
        if self._passes is None:
            with self.program.unchanged():
                self._passes = import_module("scripts.runs.passes")
                self._reader = self._passes.recorded_reader(self.program.root / MODEL)
        if what not in ("passed", "played", "last_logits"):
            raise Refused(f"the figures know nothing of {what}")
        return self._refusing(lambda: getattr(self._passes, what)(text, self._reader))

    @property
    def _training(self) -> Training:
        if not isinstance(self.model, Training):
            raise Refused("nothing is being trained")
        return self.model

    @property
    def _model(self) -> Model:
        if self.model is None:
            raise Refused("nothing has been trained")
        return self.model

    def _refusing(self, ask: Callable[[], Any]) -> Any:
        try:
            return ask()
        except ValueError as error:
            raise Refused(str(error)) from None
