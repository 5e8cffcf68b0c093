"""What an installed copy reads besides code goes into the wheel: records and chapters' texts."""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py


class WithRecords(build_py):
    def run(self):
        super().run()
        if self.editable_mode:  # a checkout has them
            return
        project = Path(self.build_lib) / "motifbook" / "project"
        shutil.rmtree(project, ignore_errors=True)
        for name in ("book", "results"):
            shutil.copytree(name, project / name, ignore=shutil.ignore_patterns(".*", "*.part"))
        for name in ("_toc.yml", "CITATION.cff"):
            shutil.copy(name, project)


setup(cmdclass={"build_py": WithRecords})
