"""Events of a run."""

from __future__ import annotations

RESULT = {
    "classes": ["a", "b"],
    "best_epoch": 0,
    "epochs_run": 1,
    "val_accuracy": 0.5,
    "test_accuracy": 0.5,
    "test_photos": 2,
    "confusion_matrix": [[1, 0], [1, 0]],
    "total_parameters": 1,
    "trainable_parameters": 1,
    "seconds": 1.0,
    "seconds_training": 1.0,
    "cached_features": False,
}


START = {
    "epochs": 2,
    "batches": 4,
    "total_parameters": 1,
    "trainable_parameters": 1,
    "train_photos": 8,
    "validation_photos": 2,
    "test_photos": 2,
    "classes": ["a", "b"],
    "cached_features": False,
}
