"""Names of protein changes: from the residues that replace others, and from what laboratories write.

Nomenclature: HGVS recommendations for protein variants (hgvs-nomenclature.org), written without the brackets
of a predicted change. Proteins are one-letter strings in which `*` is the stop and `X` an unknown residue;
residue numbers are 1-based.
"""

import re
from dataclasses import dataclass
from itertools import takewhile

from ..vocabulary.changes import Consequence
from ..vocabulary.residues import STOP, THREE_LETTERS, UNKNOWN_RESIDUE

NAMES = {**THREE_LETTERS, STOP: "Ter", UNKNOWN_RESIDUE: "Xaa"}
LETTERS = {name: letter for letter, name in NAMES.items()}


@dataclass(frozen=True)
class ProteinChange:
    """A change of the protein.

    Attributes:
        name: `p.Gly1202Arg`, or `p.?` where the protein is not known.
        consequence: kind of change.
        codon: first residue concerned.
    """

    name: str
    consequence: Consequence
    codon: int | None


def short_name(hgvs_p: str) -> str:
    """Return the one-letter name: `p.Gly1202Arg` -> `G1202R`, `p.Arg5GlyfsTer9` -> `R5Gfs*9`."""
    return re.sub(r"[A-Z][a-z]{2}", lambda match: LETTERS[match.group()], hgvs_p.removeprefix("p."))


def name_in_frame(reference: str, start: int, end: int, new: str) -> ProteinChange:
    """Name a change that keeps the reading frame.

    Args:
        reference: the whole protein with its stop as last residue.
        start: first residue replaced, 0-based.
        end: end of the residues replaced, exclusive; `start` for an insertion before it.
        new: what replaces them; may hold a stop, after which nothing counts.
    """
    if start == 0 and new[:1] != reference[:1]:
        return ProteinChange("p.Met1?", Consequence.START_LOST, 1)
    if UNKNOWN_RESIDUE in reference[start : start + 1] + reference[start:end][-1:] + new:
        return ProteinChange("p.?", Consequence.UNKNOWN, start + 1)
    old = reference[start:end]
    stop = new.find(STOP)
    # A stop that is not the last residue ends the protein there, even where the old stop was replaced too.
    gained = stop >= 0 and (STOP not in old or stop < len(new) - 1)
    new = new[: stop + 1] if stop >= 0 else new
    if old == new:
        return _synonymous(old, start, end)
    if gained:
        return _stop_gained(reference, start, end, new)
    return _replacement(reference, start, end, new)


def name_frameshift(reference: str, start: int, tail: str) -> ProteinChange:
    """Name a change that shifts the reading frame.

    Args:
        reference: the whole protein with its stop as last residue.
        start: first residue concerned, 0-based.
        tail: residues from there on in the new frame, to the first stop or as far as known.
    """
    if start == 0 and tail[:1] != reference[:1]:
        return ProteinChange("p.Met1?", Consequence.START_LOST, 1)
    first = start + _common_prefix(reference[start:], tail)
    new = tail[first - start :]
    codon = first + 1
    if first >= len(reference) or not new or UNKNOWN_RESIDUE in (reference[first], new[0]):
        return ProteinChange("p.?", Consequence.FRAMESHIFT, min(codon, len(reference)))
    if reference[first] == STOP:
        return name_extension(codon, new)
    if new[0] == STOP:
        return ProteinChange(f"p.{_three(reference[first])}{codon}Ter", Consequence.FRAMESHIFT, codon)
    name = f"p.{_three(reference[first])}{codon}{_three(new[0])}fsTer{_distance(new, 0)}"
    return ProteinChange(name, Consequence.FRAMESHIFT, codon)


def name_extension(codon: int, tail: str) -> ProteinChange:
    """Name a lost stop at `codon`; `tail` are the residues from there to the next stop."""
    if not tail or tail[0] == UNKNOWN_RESIDUE:
        return ProteinChange("p.?", Consequence.STOP_LOST, codon)
    name = f"p.Ter{codon}{_three(tail[0])}extTer{_distance(tail, 1)}"
    return ProteinChange(name, Consequence.STOP_LOST, codon)


def _distance(tail: str, skip: int) -> str:
    known = tail.endswith(STOP) and UNKNOWN_RESIDUE not in tail
    return str(len(tail) - skip) if known else "?"


def _three(residues: str) -> str:
    return "".join(NAMES[residue] for residue in residues)


def _common_prefix(a: str, b: str) -> int:
    """Count equal residues from the left; an unknown residue equals nothing."""
    pairs = zip(a, b, strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1] != UNKNOWN_RESIDUE, pairs))


def _span(reference: str, start: int, end: int) -> str:
    """Name residues: `Glu746_Ala750`, or `Glu746` for one."""
    first = f"{_three(reference[start])}{start + 1}"
    return first if end - start == 1 else f"{first}_{_three(reference[end - 1])}{end}"


def _synonymous(old: str, start: int, end: int) -> ProteinChange:
    return ProteinChange(f"p.{_span(' ' * start + old, start, end)}=", Consequence.SYNONYMOUS, start + 1)


def _stop_gained(reference: str, start: int, end: int, new: str) -> ProteinChange:
    equal = _common_prefix(reference[start:], new)
    first, rest = start + equal, new[equal:]
    if rest == STOP:
        name = f"p.{_three(reference[first])}{first + 1}Ter"
    elif first < end:
        name = f"p.{_span(reference, first, end)}delins{_three(rest)}"
    else:
        name = f"p.{_span(reference, first - 1, first + 1)}ins{_three(rest)}"
    return ProteinChange(name, Consequence.STOP_GAINED, first + 1)


def _replacement(reference: str, start: int, end: int, new: str) -> ProteinChange:
    """Name residues replaced, removed or added; as far to the end of the protein as it can be."""
    changed = new + reference[end:]
    equal = _common_prefix(reference[start:], changed)
    first = start + equal
    suffix = min(len(reference) - end, len(reference) - first, len(changed) - equal)
    suffix += _common_prefix(
        reference[first : len(reference) - suffix][::-1], changed[equal : len(changed) - suffix][::-1]
    )
    last = len(reference) - suffix
    added = changed[equal : len(changed) - suffix]
    if not added:
        return ProteinChange(f"p.{_span(reference, first, last)}del", Consequence.INFRAME_DELETION, first + 1)
    if last == first:
        return _insertion(reference, first, added)
    if last - first == len(added) == 1:
        name = f"p.{_three(reference[first])}{last}{_three(added)}"
        return ProteinChange(name, Consequence.MISSENSE, last)
    same_length = end - start == len(new)
    consequence = Consequence.MISSENSE if same_length else Consequence.INFRAME_DELINS
    return ProteinChange(f"p.{_span(reference, first, last)}delins{_three(added)}", consequence, first + 1)


def _insertion(reference: str, point: int, added: str) -> ProteinChange:
    origin = point - len(added)
    if origin >= 0 and reference[origin:point] == added:
        name = f"p.{_span(reference, origin, point)}dup"
        return ProteinChange(name, Consequence.INFRAME_INSERTION, origin + 1)
    name = f"p.{_span(reference, point - 1, point + 1)}ins{_three(added)}"
    return ProteinChange(name, Consequence.INFRAME_INSERTION, point)


# --- what laboratories write -----------------------------------------------------------------

_LONG = "Ala|Arg|Asn|Asp|Cys|Gln|Glu|Gly|His|Ile|Leu|Lys|Met|Phe|Pro|Ser|Thr|Trp|Tyr|Val|Ter"
_ANY = rf"(?:{_LONG}|[ACDEFGHIKLMNPQRSTVWYX*])"
_CHANGE = re.compile(
    rf"(?P<a>{_ANY})(?P<i>\d+)(?:_(?P<b>{_ANY})(?P<j>\d+))?"
    rf"(?:(?P<shift>{_ANY}?fs(?:{_ANY}?(?:\d+|\?))?)"
    rf"|(?P<ext>{_ANY}?ext\S*)"
    rf"|(?P<dup>dup{_ANY}*)"
    rf"|(?:del{_ANY}*)?(?:ins|>)(?P<ins>{_ANY}+)"
    rf"|(?P<del>del{_ANY}*)"
    rf"|(?P<equal>=)"
    rf"|(?P<new>{_ANY}))"
)
_INSERTION_BY_NUMBER = re.compile(r"(?P<i>\d+)(?P<ins>[ACDEFGHIKLMNPQRSTVWY])ins")


def read_protein_change(text: str, protein: str, gene: str) -> ProteinChange:
    """Return the HGVS name of a protein change as a laboratory wrote it.

    Understands `G1202R`, `p.G1202R`, `p.(Gly1202Arg)`, `E746_A750del`, `L747_T751>P`, `R273fs*12`, `Q61*`,
    `T1151_L1152insT` and the older `1151Tins`; the name is brought to the one that HGVS prefers.

    Args:
        text: the change as written.
        protein: residues of the transcript used, with the stop as last one.
        gene: for the messages.

    Raises:
        ValueError: the text cannot be read, or its residues are not those of the protein.
    """
    bare = re.sub(r"[\s()\[\]]", "", text)
    bare = re.sub(r"^(?:[A-Z]+_?\d+(?:\.\d+)?:)?[pP]\.", "", bare)
    match = _CHANGE.fullmatch(bare) or _CHANGE.fullmatch(_usual_case(bare))
    if match is None:
        return _insertion_by_number(text, bare, protein, gene)
    start, end = int(match["i"]) - 1, int(match["j"] or match["i"])
    _check_residue(protein, gene, text, match["a"], start)
    if match["b"]:
        _check_residue(protein, gene, text, match["b"], end - 1)
        if end - 1 <= start:
            raise ValueError(f"{gene} {text}: residues {match['i']}_{match['j']} are not in order")
    protein = _fill(protein, start, match["a"], end, match["b"])
    if match["shift"]:
        return ProteinChange(_frameshift_name(match), Consequence.FRAMESHIFT, start + 1)
    if match["ext"]:
        return ProteinChange(f"p.Ter{start + 1}ext", Consequence.STOP_LOST, start + 1)
    return name_in_frame(protein, *_replaced(match, protein, start, end))


def _usual_case(bare: str) -> str:
    """Return a name in the usual case: `g1202r` and `GLY1202ARG` are `G1202R`."""
    letters = re.sub(_LONG, lambda match: LETTERS[match.group().capitalize()], bare, flags=re.IGNORECASE)
    letters = re.sub(r"(?<![A-Za-z])[a-z](?=\d)", lambda match: match.group().upper(), letters)
    return re.sub(r"(?<=\d)[a-z]$|(?<=ins)[a-z]+$", lambda match: match.group().upper(), letters)


def _insertion_by_number(text: str, bare: str, protein: str, gene: str) -> ProteinChange:
    match = _INSERTION_BY_NUMBER.fullmatch(bare)
    if match is None:
        raise ValueError(f"{gene} {text}: not a protein change; write it as p.Gly1202Arg or G1202R")
    point = int(match["i"])
    if not 0 < point < len(protein):
        raise ValueError(f"{gene} {text}: the protein ends at residue {len(protein) - 1}")
    return name_in_frame(protein, point, point, match["ins"])


def _check_residue(protein: str, gene: str, text: str, written: str, index: int) -> None:
    if not 0 <= index < len(protein):
        raise ValueError(f"{gene} {text}: the protein ends at residue {len(protein) - 1}")
    residue = _one(written)
    if protein[index] not in (residue, UNKNOWN_RESIDUE):
        raise ValueError(
            f"{gene} {text}: residue {index + 1} is {_three(protein[index])}, not {_three(residue)}; "
            "another transcript or a misprint"
        )


def _fill(protein: str, start: int, first: str, end: int, last: str | None) -> str:
    """Put the residues written in place of residues that the genome does not show."""
    residues = list(protein)
    residues[start] = _one(first)
    if last:
        residues[end - 1] = _one(last)
    return "".join(residues)


def _one(written: str) -> str:
    """Return one-letter residues; X is what older reports write for a stop."""
    letters = re.sub(_LONG, lambda match: LETTERS[match.group()], written)
    return letters.replace("X", STOP)


def _replaced(match: re.Match[str], protein: str, start: int, end: int) -> tuple[int, int, str]:
    if match["new"]:
        return start, end, _one(match["new"])
    if match["dup"]:
        return end, end, protein[start:end]
    if match["del"]:
        return start, end, ""
    if match["equal"]:
        return start, end, protein[start:end]
    inserted = _one(match["ins"])
    if "delins" in match.group() or ">" in match.group() or re.search(r"del\S+ins", match.group()):
        return start, end, inserted
    return start + 1, start + 1, inserted


def _frameshift_name(match: re.Match[str]) -> str:
    residue = _three(_one(match["a"]))
    new, _, distance = match["shift"].partition("fs")
    new = _three(_one(new)) if new else ""
    number = "".join(c for c in distance if c.isdigit() or c == "?")
    return f"p.{residue}{match['i']}{new}fs" + (f"Ter{number}" if number else "")
