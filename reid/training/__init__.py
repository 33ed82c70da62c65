"""Training and measuring: datasets, sampler, objective, trainer, splits, metrics, calibration."""

from reid import threads

threads.prepare()  # before any module here loads torch
