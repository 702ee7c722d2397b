"""Long insertions and deletions from reads: what an aligner clips is called with its true fraction."""

import subprocess
from pathlib import Path

import cyvcf2
import numpy as np
import pysam
import pytest
import yaml

from alktrace.calling.caller import call_variants
from alktrace.inputs.settings.calling_settings import CallingSettings
from alktrace.io.tables import write_table
from alktrace.reference.locus_table import HotspotRow, LocusRow

SIZE, AT = 1200, 600
WILD, MUTANT = 2400, 240
READ = 100
# Deleted bases and inserted sequence; `dup` inserts the bases that follow.
CHANGES = {
    "EGFR-exon-19-del-9": (9, ""),
    "EGFR-exon-19-del-15": (15, ""),
    "EGFR-exon-19-del-24": (24, ""),
    "EGFR-exon-19-delins": (18, "GCA"),
    "MET-exon-14-del-40": (40, ""),
    "MET-exon-14-del-60": (60, ""),
    "ALK-T1151dup": (0, "dup3"),
    "EGFR-exon-20-dup-12": (0, "dup12"),
    "ERBB2-exon-20-ins-12": (0, "GCATACGTGATG"),
    "ins-30": (0, "GCATACGTGATGCCTTAACGGATTCAGTCA"),
}
COMPLEMENT = str.maketrans("ACGT", "TGCA")


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory, root: Path) -> dict[str, list[cyvcf2.Variant]]:
    """Records per contig; every contig has one change in a tenth of its fragments."""
    folder, rng = tmp_path_factory.mktemp("indels"), np.random.default_rng(3)
    with (
        (folder / "ref.fa").open("w") as fasta,
        (folder / "1.fq").open("w") as one,
        (folder / "2.fq").open("w") as two,
    ):
        for name, (deleted, inserted) in CHANGES.items():
            reference = "".join(rng.choice(list("ACGT"), SIZE))
            fasta.write(f">{name}\n{reference}\n")
            new = reference[AT : AT + int(inserted[3:])] if inserted.startswith("dup") else inserted
            mutant = reference[:AT] + new + reference[AT + deleted :]
            for kind, sequence, number in (("w", reference, WILD), ("m", mutant, MUTANT)):
                # As many fragments per base of either haplotype.
                for k in range(round(number * (len(sequence) - 767) / (SIZE - 767))):
                    length = int(rng.normal(167, 15))
                    start = int(rng.integers(300, len(sequence) - 300 - length))
                    fragment = sequence[start : start + length]
                    mates = fragment[:READ], fragment.translate(COMPLEMENT)[::-1][:READ]
                    for stream, mate in zip((one, two), mates, strict=True):
                        stream.write(f"@{name}.{kind}{k}\n{mate}\n+\n{'F' * len(mate)}\n")
    commands = (
        f"samtools faidx {folder}/ref.fa && bwa index {folder}/ref.fa && "
        f"bwa mem -Y {folder}/ref.fa {folder}/1.fq {folder}/2.fq | samtools sort -o {folder}/a.bam -"
    )
    subprocess.run(["bash", "-c", f"set -o pipefail; {commands}"], check=True, capture_output=True)
    pysam.index(str(folder / "a.bam"))
    (folder / "targets.bed").write_text("".join(f"{name}\t400\t800\n" for name in CHANGES))
    write_table(folder / "loci.tsv", LocusRow, [])
    write_table(folder / "hotspots.tsv", HotspotRow, [])
    config = yaml.safe_load((root / "config" / "config.yaml").read_text())
    call_variants(
        bam=folder / "a.bam", fasta=folder / "ref.fa", targets=folder / "targets.bed",
        loci=folder / "loci.tsv", hotspots=folder / "hotspots.tsv", gene_models=None, polymorphisms=None,
        settings=CallingSettings.model_validate(config["calling"]), noise_model=None, sample="S",
        out_vcf=folder / "out.vcf.gz", out_callability=folder / "c.tsv", out_genotypes=folder / "g.tsv",
        out_error_rates=folder / "e.tsv",
        out_noise=folder / "noise.json",
    )  # fmt: skip
    found: dict[str, list[cyvcf2.Variant]] = {name: [] for name in CHANGES}
    for record in cyvcf2.VCF(str(folder / "out.vcf.gz")):
        found[record.CHROM].append(record)
    return found


@pytest.mark.parametrize("name", CHANGES)
def test_one_record_with_the_true_fraction(records: dict[str, list[cyvcf2.Variant]], name: str) -> None:
    (record,) = [item for item in records[name] if item.FILTERS == ["PASS"]]
    others = [item.FILTERS for item in records[name] if item is not record]
    assert all({"indel_edge", "second_form"} & set(filters) for filters in others)
    deleted, inserted = CHANGES[name]
    gained = int(inserted[3:]) if inserted.startswith("dup") else len(inserted)
    assert len(record.ALT[0]) - len(record.REF) == gained - deleted
    true = MUTANT / (WILD + MUTANT)
    low, high = (float(record.format(key)[0][0]) for key in ("AFL", "AFH"))
    assert low < true < high
    # What tells is the fragments that reach over the change: some hundred of each contig.
    assert int(record.format("DP")[0][0]) > 300
