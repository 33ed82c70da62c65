"""Training and measuring: datasets, sampler, objective, trainer, splits, metrics, calibration."""
