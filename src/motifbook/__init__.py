"""The helper package of motifbook, a literate reproduction of Koo & Eddy (2019)."""

__version__ = "0.1.0"
