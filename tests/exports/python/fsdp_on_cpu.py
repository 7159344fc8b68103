"""Runs a script with FSDP on processors: python fsdp_on_cpu.py SCRIPT ARGUMENTS, by `accelerate launch`.

accelerate divides a model only over GPUs, though PyTorch itself does so over any processes."""

import runpy
import sys

from accelerate.state import AcceleratorState, PartialState
from accelerate.utils import DistributedType

begin = AcceleratorState.__init__


def begin_divided(self, *values, fsdp_plugin=None, **more):
    begin(self, *values, fsdp_plugin=fsdp_plugin, **more)
    if fsdp_plugin is not None:
        self.fsdp_plugin = fsdp_plugin
        self.distributed_type = PartialState._shared_state["distributed_type"] = DistributedType.FSDP


AcceleratorState.__init__ = begin_divided
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
