"""Words for samples: what was taken, when, and how it passed."""

from enum import StrEnum

ID_PATTERN = r"[A-Za-z0-9][A-Za-z0-9-]{0,63}"


class SpecimenType(StrEnum):
    PLASMA = "plasma"
    CSF = "csf"
    TISSUE = "tissue"
    WBC = "wbc"


class Setting(StrEnum):
    BASELINE = "baseline"
    ON_TREATMENT = "on_treatment"
    PROGRESSION = "progression"


class Role(StrEnum):
    PATIENT = "patient"
    NORMAL = "normal"
    CONTROL = "control"


class BamKind(StrEnum):
    RAW = "raw"
    CONSENSUS = "consensus"


class InputKind(StrEnum):
    """What a row of the sheet gives."""

    FASTQ = "FASTQ"
    RAW_BAM = "raw BAM"
    CONSENSUS_BAM = "consensus BAM"
    VCF = "VCF"
    REPORT = "report"


class VafUnit(StrEnum):
    """Unit of the bare VAFs of a report."""

    PERCENT = "percent"
    FRACTION = "fraction"


class BadInputs(StrEnum):
    """What a file of a sample that is found wrong before work does: end the run, or cost its sample alone."""

    STOP = "stop"
    ROW = "row"


class UmiSource(StrEnum):
    INLINE = "inline"
    FASTQ = "fastq"
    TAG = "tag"
    NAME = "name"
    NONE = "none"


class RandomEnd(StrEnum):
    BOTH = "both"
    READ1 = "read1"
    READ2 = "read2"


class Verdict(StrEnum):
    PASS = "pass"
    WARN = "warn"
    FAIL = "fail"


class IdentityStatus(StrEnum):
    MATCH = "match"
    CONFLICT = "conflict"
    UNKNOWN = "unknown"
