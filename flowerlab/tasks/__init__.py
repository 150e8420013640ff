"""What goes on in the background, seen by pages: downloads, gathering, hashing, embedding, conversion, imports."""

from flowerlab.tasks.runner import TaskRunner
from flowerlab.tasks.task import Task, TaskFailed, Work

__all__ = ["Task", "TaskFailed", "TaskRunner", "Work"]
