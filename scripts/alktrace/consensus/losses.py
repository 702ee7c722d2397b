"""Why reads are lost, and what else is counted while they are scanned."""

# Why a read does not reach the consensus; the index is the code used in kernels, 0 means none.
REASONS = (
    "",
    "secondary",
    "supplementary",
    "not_pf",
    "unmapped",
    "too_long",
    "low_mapq",
    "not_paired",
    "umi_missing",
    "umi_n",
    "umi_invalid",
    "mate_missing",
    "low_quality",
    "minority_alignment",
    "umi_collision",
    "orphan",
    "other_primer",
)
(
    NONE,
    SECONDARY,
    SUPPLEMENTARY,
    NOT_PF,
    UNMAPPED,
    TOO_LONG,
    LOW_MAPQ,
    NOT_PAIRED,
    UMI_MISSING,
    UMI_N,
    UMI_INVALID,
    MATE_MISSING,
    LOW_QUALITY,
    MINORITY_ALIGNMENT,
    UMI_COLLISION,
    ORPHAN,
    OTHER_PRIMER,
) = range(len(REASONS))

COUNT_IN, COUNT_WITHOUT_MC, COUNT_WITH_UMI, COUNT_CUT = range(4)
N_COUNTS = 4

# Insert sizes are counted in bins of so many bases.
INSERT_BIN = 10
