"""Names of protein changes as laboratories write them; the expected names are published ones."""

import pytest

from alktrace.annotate.protein import name_frameshift, name_in_frame, read_protein_change, short_name
from alktrace.vocabulary.changes import Consequence

#        1         11        21
SMALL = "MAGSTTPLEELKRREAAVWQCCDYFHIN*"


@pytest.mark.parametrize(
    ("written", "name", "consequence"),
    [
        ("G3R", "p.Gly3Arg", Consequence.MISSENSE),
        ("p.G3R", "p.Gly3Arg", Consequence.MISSENSE),
        ("p.(Gly3Arg)", "p.Gly3Arg", Consequence.MISSENSE),
        ("NP_004295.2:p.(Gly3Arg)", "p.Gly3Arg", Consequence.MISSENSE),
        ("ENSP00000373700:p.Gly3Arg", "p.Gly3Arg", Consequence.MISSENSE),
        ("E9*", "p.Glu9Ter", Consequence.STOP_GAINED),
        ("E9X", "p.Glu9Ter", Consequence.STOP_GAINED),
        ("p.Glu9Ter", "p.Glu9Ter", Consequence.STOP_GAINED),
        ("E9=", "p.Glu9=", Consequence.SYNONYMOUS),
        ("E9E", "p.Glu9=", Consequence.SYNONYMOUS),
        ("T5_T6del", "p.Thr5_Thr6del", Consequence.INFRAME_DELETION),
        ("T5del", "p.Thr6del", Consequence.INFRAME_DELETION),
        ("E9_L11delEEL", "p.Glu9_Leu11del", Consequence.INFRAME_DELETION),
        ("L8_E10delinsP", "p.Leu8_Glu10delinsPro", Consequence.INFRAME_DELINS),
        ("L8_E10>P", "p.Leu8_Glu10delinsPro", Consequence.INFRAME_DELINS),
        ("L8_E10delLEEinsP", "p.Leu8_Glu10delinsPro", Consequence.INFRAME_DELINS),
        ("S4_T5insT", "p.Thr6dup", Consequence.INFRAME_INSERTION),
        ("4Tins", "p.Thr6dup", Consequence.INFRAME_INSERTION),
        ("K12dup", "p.Lys12dup", Consequence.INFRAME_INSERTION),
        ("L11_K12insGP", "p.Leu11_Lys12insGlyPro", Consequence.INFRAME_INSERTION),
        ("R14fs", "p.Arg14fs", Consequence.FRAMESHIFT),
        ("R14fs*7", "p.Arg14fsTer7", Consequence.FRAMESHIFT),
        ("R14Gfs*7", "p.Arg14GlyfsTer7", Consequence.FRAMESHIFT),
        ("p.Arg14GlyfsTer7", "p.Arg14GlyfsTer7", Consequence.FRAMESHIFT),
        ("p.(Arg14GlyfsTer?)", "p.Arg14GlyfsTer?", Consequence.FRAMESHIFT),
        ("M1V", "p.Met1?", Consequence.START_LOST),
    ],
)
def test_written_changes(written: str, name: str, consequence: Consequence) -> None:
    change = read_protein_change(written, SMALL, "GENE")
    assert (change.name, change.consequence) == (name, consequence)


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("G4R", "residue 4 is Ser, not Gly; another transcript or a misprint"),
        ("G300R", "the protein ends at residue 28"),
        ("T6_T5del", "not in order"),
        ("E9_K11del", "residue 11 is Leu, not Lys"),
        ("amplification", "not a protein change"),
        ("", "not a protein change"),
        ("G3B", "not a protein change"),
        ("400Tins", "the protein ends at residue 28"),
    ],
)
def test_what_cannot_be_read_is_named(written: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read_protein_change(written, SMALL, "GENE")


def test_residues_that_the_genome_does_not_show_are_taken_as_written() -> None:
    hidden = "M" + "X" * 27 + "*"
    assert read_protein_change("G3R", hidden, "GENE").name == "p.Gly3Arg"
    assert read_protein_change("E9_L11del", hidden, "GENE").name == "p.Glu9_Leu11del"


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("p.Gly1202Arg", "G1202R"),
        ("p.Thr1151dup", "T1151dup"),
        ("p.Leu747_Thr751delinsPro", "L747_T751delinsP"),
        ("p.Arg123GlyfsTer5", "R123Gfs*5"),
        ("p.Gln61Ter", "Q61*"),
        ("p.Leu1196=", "L1196="),
    ],
)
def test_short_names(name: str, short: str) -> None:
    assert short_name(name) == short


def test_in_frame_change_that_brings_a_stop() -> None:
    assert name_in_frame(SMALL, 8, 10, "*").name == "p.Glu9Ter"
    assert name_in_frame(SMALL, 8, 10, "EP*").name == "p.Glu10delinsProTer"
    assert name_in_frame(SMALL, 8, 8, "P*").consequence is Consequence.STOP_GAINED


def test_change_beside_the_stop() -> None:
    # two codons replaced: Asn28 becomes a stop and the old stop a residue that is never read
    assert name_in_frame(SMALL, 27, 29, "*Q").name == "p.Asn28Ter"
    # three bases removed across both codons: only the stop remains
    assert name_in_frame(SMALL, 27, 29, "*").name == "p.Asn28del"
    assert name_in_frame(SMALL, 28, 29, "*Q").name == "p.Ter29="


def test_frameshift_counts_to_the_new_stop_from_the_first_changed_residue() -> None:
    # residues 9 and 10 stay what they were by chance: the name starts at residue 11
    change = name_frameshift(SMALL, 8, "EEPQRS*")
    assert (change.name, change.codon) == ("p.Leu11ProfsTer5", 11)
    assert name_frameshift(SMALL, 8, "EEPQRS").name == "p.Leu11ProfsTer?"
    assert name_frameshift(SMALL, 8, "E*").name == "p.Glu10Ter"
