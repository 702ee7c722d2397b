"""Copies of hard fragments: repeats, indels, slips, chimeras, damage, bad tails, Ns, adapters, short ones."""

import gzip
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

READ = 150
UMI, SPACER = 5, "TG"
COMPLEMENT = str.maketrans("ACGTN", "TGCAN")


def turn(text: str) -> str:
    return text[::-1].translate(COMPLEMENT)


@dataclass
class HardReads:
    """Draws the genome and the reads; `umis` and `paired` say how they are sequenced."""

    seed: int
    chunks: int = 60
    umis: bool = True
    paired: bool = True
    chimeras: float = 0.01
    rng: random.Random = field(init=False)
    genome: dict[str, str] = field(init=False)
    haplotypes: list[str] = field(init=False)
    adapters: tuple[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.rng = random.Random(self.seed)
        self.genome = {name: self._contig() for name in ("one", "two")}
        plain = list(self.genome.values())
        self.haplotypes = [*plain, *map(self._haplotype, plain)]
        self.adapters = (
            "AGATCGGAAGAGCACACGTCTGAACTCCAGTCA" + self._bases(2 * READ),
            "AGATCGGAAGAGCGTCGTGTAGGGAAAGAGTGT" + self._bases(2 * READ),
        )

    def _bases(self, size: int) -> str:
        return "".join(self.rng.choices("ACGT", k=size))

    def _misread(self, text: str, rate: float) -> str:
        rng = self.rng
        return "".join(rng.choice("ACGT".replace(b, "")) if rng.random() < rate else b for b in text)

    def _contig(self) -> str:
        """A third of it repeats another part, more or less alike, or one to four bases."""
        rng, parts = self.rng, [self._bases(1000)]
        for _ in range(self.chunks):
            draw = rng.random()
            if draw < 0.2:
                copy = self._misread(rng.choice(parts), rng.choice((0, 0.005, 0.01, 0.03, 0.08)))
                parts.append(copy if rng.random() < 0.5 else turn(copy))
            elif draw < 0.3:
                parts.append(self._bases(rng.randrange(1, 5)) * rng.randrange(8, 25))
            else:
                parts.append(self._bases(rng.randrange(300, 1500)))
        return "".join(parts)

    def _haplotype(self, text: str) -> str:
        rng, out, at = self.rng, [], 0
        while at < len(text):
            draw = rng.random()
            if draw < 0.0005:
                at += rng.randrange(1, 20)
            elif draw < 0.001:
                out.append(text[at] + self._bases(rng.randrange(1, 20)))
            else:
                out.append(self._misread(text[at], 0.001))
            at += 1
        return "".join(out)

    def _fragment(self) -> str:
        rng, draw = self.rng, self.rng.random()
        size = int(rng.gauss(335, 18) if draw < 0.1 else max(30, rng.gauss(165, 20)))
        if draw > 0.9:
            size = rng.randrange(30, 600)
        source = rng.choice(self.haplotypes)
        start = rng.randrange(len(source) - size)
        bases = source[start : start + size]
        return bases if rng.random() < 0.5 else turn(bases)

    def _slipped(self, bases: str) -> str:
        at = self.rng.randrange(3, len(bases) - 3)
        return bases[:at] + (bases[at + 1 :] if self.rng.random() < 0.5 else bases[at] + bases[at:])

    def _sequenced(self, bases: str) -> tuple[str, str]:
        rng, out, quals = self.rng, list(bases), ["F"] * len(bases)
        rate = rng.choice((0.001, 0.001, 0.003, 0.005, 0.02))
        tail = len(bases) - (rng.randrange(5, 40) if rng.random() < 0.1 else 0)
        for i in range(len(bases)):
            if rng.random() < (rate if i < tail else 0.12):
                out[i], quals[i] = rng.choice("ACGT"), rng.choice(",:F")
            if rng.random() < 0.0002:
                out[i], quals[i] = "N", "#"
        size = rng.randrange(25, len(bases)) if rng.random() < 0.01 else len(bases)
        return "".join(out[:size]), "".join(quals[:size])

    def pairs(self, count: int) -> Iterator[tuple[str, list[tuple[str, str]]]]:
        """Yield name and reads, bases and qualities; copies of a fragment follow each other."""
        rng, made = self.rng, 0
        for number in range(count):
            bases = self._fragment()
            if rng.random() < self.chimeras:
                bases = bases[: len(bases) // 2] + self._fragment()[: max(20, len(bases) // 2)]
            umis = [self._bases(UMI) + SPACER if self.umis else "" for _ in range(2)]
            strands = [self._misread(bases, 0.002) if rng.random() < 0.1 else bases for _ in range(2)]
            for copy in range(rng.choice((1, 1, 2, 3, 3, 4, 4, 5, 6, 8))):
                strand = rng.randrange(2)
                inside = self._slipped(strands[strand]) if rng.random() < 0.02 else strands[strand]
                one, two = (self._misread(umi, 0.003) for umi in umis)
                whole = one + inside + turn(two)
                ends = (whole, turn(whole)) if strand == 0 else (turn(whole), whole)
                mates = zip(ends[: 1 + self.paired], self.adapters[: 1 + self.paired], strict=True)
                yield (
                    f"f{number}:{strand}:{copy}",
                    [self._sequenced((end + rest)[:READ]) for end, rest in mates],
                )
                made += 1
                if made == count:
                    return

    def write(self, folder: Path, count: int) -> tuple[Path, list[Path]]:
        """Write genome and shuffled FASTQ; return both."""
        folder.mkdir(parents=True, exist_ok=True)
        fasta = folder / "genome.fa"
        fasta.write_text("".join(f">{name}\n{bases}\n" for name, bases in self.genome.items()))
        drawn = list(self.pairs(count))
        self.rng.shuffle(drawn)
        paths = [folder / f"R{mate + 1}.fastq.gz" for mate in range(1 + self.paired)]
        for mate, path in enumerate(paths):
            text = "".join(f"@{name}\n{reads[mate][0]}\n+\n{reads[mate][1]}\n" for name, reads in drawn)
            path.write_bytes(gzip.compress(text.encode(), 1, mtime=0))
        return fasta, paths
