"""What a board has of a specimen beside its DNA: pathology, RNA, blood, clinic."""

from collections.abc import Iterator, Mapping

from ..evidence.schema import BoardEvidence, RnaFinding
from .language import Listed, Said, Share, Words, say


def board_findings(given: BoardEvidence, names: Mapping[str, str], words: Words) -> list[Said]:
    """Return one thing to say per finding.

    Args:
        given: findings of a specimen.
        names: alterations by key, for phases that a report states.
        words: for the names of drugs.
    """
    return list(_findings(given, names, words))


def _findings(given: BoardEvidence, names: Mapping[str, str], words: Words) -> Iterator[Said]:
    yield from map(_rna, given.rna)
    if given.alk_ihc:
        yield say("board.alk_ihc", result=say(f"board.{given.alk_ihc}"))
    numbers = {
        "met_cep7": given.met_cep7_ratio,
        "alk_5_prime": given.alk_5_prime_copies,
        "alk_3_prime": given.alk_3_prime_copies,
        "nse": given.nse_ng_ml,
        "progrp": given.progrp_pg_ml,
    }
    for name, value in numbers.items():
        if value is not None:
            yield say(f"board.{name}", value=f"{value:.3g}")
    if given.progression_site:
        yield say("board.site", site=say(f"site.{given.progression_site}"))
    if given.drugs:
        yield say("board.drugs", drugs=Listed(tuple(words.drug(drug) for drug in given.drugs)))
    for item in given.reported_phase:
        together = tuple(names.get(key, key) for key in item.alterations)
        yield say(f"board.reported_{item.phase}", names=together)


def _rna(item: RnaFinding) -> Said:
    name = f"{item.gene} {item.alteration}" if item.gene not in item.alteration else item.alteration
    if item.total_reads is not None:
        name_with = say("board.reads", name=name, alt=item.alt_reads or 0, total=item.total_reads)
    else:
        name_with = say("board.name", name=name)
    if item.mutant_share is None:
        return say("board.rna", finding=name_with)
    return say("board.rna_share", finding=name_with, share=Share(item.mutant_share))
