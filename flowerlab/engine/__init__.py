"""Engines: who trains. Each takes jobs and says events; none is asked for a run's state."""

from flowerlab.engine.protocol import Engine, Job, Sink, Task

__all__ = ["Engine", "Job", "Sink", "Task"]
