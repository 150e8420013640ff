"""How far trainers step back."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from flowerlab.engine.process import TrainerProcess
from flowerlab.home import Home
from flowerlab.settings import Settings

PROGRAM = """
import os
from flowerlab.trainer.__main__ import step_back
os.nice({begun})
if os.getuid() == 0:
    os.setuid(65534)
step_back({wanted})
print(os.nice(0))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has classes of priority instead")
@pytest.mark.parametrize(("begun", "wanted", "expected"), [(0, 0, 0), (0, 15, 15), (10, 7, 10), (17, 15, 17)])
def test_a_lab_that_was_started_nicely_keeps_its_niceness(begun: int, wanted: int, expected: int) -> None:
    """A process that may not take niceness back keeps what it has and goes on, or steps back further."""
    program = PROGRAM.format(begun=begun, wanted=wanted)
    outcome = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert (outcome.stdout, outcome.stderr) == (f"{expected}\n", "")


@pytest.mark.nightly
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has classes of priority instead")
def test_a_trainer_has_the_niceness_of_the_settings(home: Home, settings: Settings) -> None:
    """The process itself has stepped back as far as it was told."""
    asked = settings.model_copy(update={"niceness": 7})
    trainer = TrainerProcess("train", asked, home.log("trainer"))
    try:
        assert trainer.ready.wait(120)
        assert psutil.Process(trainer.pid).nice() == max(7, os.nice(0))
    finally:
        trainer.kill()


@pytest.mark.nightly
def test_tensorflow_takes_no_more_threads_than_it_may() -> None:
    """Both of its pools, the one within an operation and the one across operations."""
    program = (
        "import tensorflow as tf\nfrom flowerlab.trainer.startup import start_up\nstart_up()\nof = tf.config.threading\n"
        "print(of.get_intra_op_parallelism_threads(), of.get_inter_op_parallelism_threads())"
    )
    environment = {**os.environ, "FLOWERLAB_THREADS": "1", "TF_CPP_MIN_LOG_LEVEL": "3"}
    outcome = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=False, env=environment
    )
    assert outcome.stdout.split() == ["1", "1"], outcome.stderr


@pytest.mark.skipif(not Path("/proc/self/autogroup").exists(), reason="This system does not group sessions")
def test_a_trainer_steps_back_behind_other_sessions_too() -> None:
    """Where Linux shares the processor out among sessions, a trainer's whole session steps back, not only the process in it."""
    program = "from flowerlab.trainer.__main__ import step_back\nstep_back(15)\nprint(open('/proc/self/autogroup').read())"
    outcome = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False, start_new_session=True
    )
    assert outcome.stdout.split()[-2:] == ["nice", "15"], outcome.stderr
