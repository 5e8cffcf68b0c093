"""Kernels forked from one process: they have what it imported, and nothing of each other's."""

from __future__ import annotations

import os
import sys

import pytest
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

from motifbook.book.kernels import ForkingManager

pytestmark = pytest.mark.slow

FIRST = """
import os, sys
print(os.getpid(), os.getppid(), os.getcwd(), "motifbook.book.chapter" in sys.modules)
sys.of_the_first = True
"""
SECOND = """
import os, sys
print(os.getpid(), os.getppid(), os.getcwd(), hasattr(sys, "of_the_first"))
"""
FIGURE = """
import matplotlib.pyplot as plt
plt.plot([1, 2])
plt.show()
"""


def outputs(folder, *cells: str) -> list[list]:
    """The outputs of each cell, from a kernel that is gone afterwards."""
    notebook = new_notebook(cells=[new_code_cell(cell) for cell in cells])
    resources = {"metadata": {"path": str(folder)}}
    NotebookClient(notebook, kernel_manager_class=ForkingManager, resources=resources).execute()
    return [cell.outputs for cell in notebook.cells]


@pytest.mark.skipif(sys.platform != "linux", reason="kernels are forked on Linux only")
def test_kernels_share_imports_and_no_more(tmp_path):
    (first,), figure = outputs(tmp_path, FIRST, FIGURE)
    pid, parent, folder, imported = first.text.split()
    assert imported == "True"
    assert folder == str(tmp_path)
    assert ["image/png" in output.data for output in figure] == [True]
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid), 0)
    ((second,),) = outputs(tmp_path, SECOND)
    assert second.text.split()[1] == parent
    assert second.text.split()[0] != pid
    assert second.text.split()[3] == "False"
