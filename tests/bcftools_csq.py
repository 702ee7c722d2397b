"""The independent judge of consequences."""

import subprocess
import sys
from pathlib import Path

PROGRAM = "import sys, pysam.bcftools; print(pysam.bcftools.csq(*sys.argv[1:]))"


def csq(vcf: Path, *, fasta: Path, gff3: Path) -> list[str]:
    """Return BCSQ of each record. In a process of its own: the command remembers calls before."""
    command = [sys.executable, "-c", PROGRAM]
    options = ["--local-csq", "--force", "-f", str(fasta), "-g", str(gff3), str(vcf)]
    done = subprocess.run([*command, *options], capture_output=True, text=True, check=True)
    body = [line for line in done.stdout.splitlines() if line and not line.startswith("#")]
    return [line.partition("BCSQ=")[2].split("\t")[0] for line in body]
