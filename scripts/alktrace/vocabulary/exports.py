"""Words for what a run can write for other programs."""

from enum import StrEnum


class Export(StrEnum):
    """One export, as named in `exports` of the configuration."""

    MAF = "maf"
    VCF = "vcf"
    CBIOPORTAL = "cbioportal"
    XLSX = "xlsx"
    PHENOPACKETS = "phenopackets"
    IGV = "igv"
    IGV_PAGE = "igv_page"
    RO_CRATE = "ro_crate"
