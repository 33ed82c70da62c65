"""The whole job on synthetic animals."""
