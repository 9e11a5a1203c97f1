"""Proofs. The folders are lanes: fast (no training, no browser), slow, browser."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
