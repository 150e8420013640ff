"""Engines: who trains. Each takes jobs and says events; a run's state is read from the store, never from an engine."""

from flowerlab.engine.protocol import Engine, Job, JobTask, Sink, TrainerSettings

__all__ = ["Engine", "Job", "JobTask", "Sink", "TrainerSettings"]
