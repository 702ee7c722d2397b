"""What the warm process loads before it forks (`warm.py`): all code that the adapters reach, and the kernels.

Knowledge and templates are found again as long as their files are the same. Nothing else may be kept here: a
fork would find it.
"""

import contextlib
import gc
import importlib
from pathlib import Path
from tempfile import TemporaryDirectory

from ..calling.compile_calling_kernels import compile_calling_kernels
from ..consensus.compile_consensus_kernels import compile_consensus_kernels
from ..inputs.config_file import read_config
from ..inputs.knowledge_files import KnowledgeFiles
from ..inputs.settings.calling_settings import CallingSettings
from ..inputs.settings.molecule_settings import MoleculeSettings
from ..io.digest import import_closure
from ..io.resources import ADAPTERS, DEFAULTS, PACKAGE, resource
from ..knowledge.load import load_knowledge
from ..report.pages import load_templates


def load_modules() -> None:
    """Import every module of the package that an adapter can reach."""
    for file in import_closure(ADAPTERS.glob("*.py")):
        if PACKAGE in file.parents and file.suffix == ".py":
            parts = file.relative_to(PACKAGE.parent).with_suffix("").parts
            importlib.import_module(".".join(parts).removesuffix(".__init__"))


def load_kernels() -> None:
    """Run the kernels on made-up molecules: those of the user's cache are then in memory."""
    given = read_config(DEFAULTS)
    molecules = MoleculeSettings.model_validate(given["molecules"])
    calling = CallingSettings.model_validate(given["calling"])
    with TemporaryDirectory() as folder:
        compile_consensus_kernels(settings=molecules, out=Path(folder, "consensus.txt"))
        compile_calling_kernels(molecules=molecules, calling=calling, out=Path(folder, "calling.txt"))


load_modules()
# Where this fails the jobs that need it will fail too, and say it in their logs.
with contextlib.suppress(Exception):
    load_kernels()
    load_knowledge(KnowledgeFiles(resource("knowledge")))
    load_templates()
# Pages that the collector never writes to stay shared with the forks, which look for cycles after 50,000 new
# objects, not after 700: a job ends before it matters.
gc.collect()
gc.freeze()
gc.set_threshold(50_000)
