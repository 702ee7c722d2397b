# Two commands matter: `make demo` and `make test`. Each does all it needs.
CORES ?= $(shell nproc 2>/dev/null || echo 2)
export PATH := $(CURDIR)/.venv/bin:$(CURDIR)/.tools/bin:$(PATH)
export PYTHONPATH := $(CURDIR)/scripts
export PYTHONDONTWRITEBYTECODE :=

.PHONY: demo one test test-long test-slurm slurm bench bench-peers lint format lock docs clean

.venv/.ready: requirements.lock pyproject.toml $(addprefix envs/,setup.sh floors.txt tools.yaml cnvkit.lock dev.lock igv.lock multiqc.lock)
	@envs/setup.sh
	@touch $@

# One job more than cores works while Snakemake starts the next.
demo: .venv/.ready
	@python -m alktrace demo --out demo -- --cores $$(($(CORES) + 1))

# One BAM to a table: BAM= TARGETS= FASTA= GFF3= [ALIGN_FASTA=] [KIND=raw] [UMI=none] [DUPLEX=1] [SPECIMEN=plasma] [DATE=2000-01-01] [OUT=one]
one: OUT ?= one
one: .venv/.ready
	@python -m alktrace one --bam "$(BAM)" --targets "$(TARGETS)" --fasta "$(FASTA)" --gff3 "$(GFF3)" \
		$(if $(ALIGN_FASTA),--align-fasta "$(ALIGN_FASTA)") --kind $(or $(KIND),raw) --umi $(or $(UMI),none) $(if $(DUPLEX),--duplex) \
		--specimen-type $(or $(SPECIMEN),plasma) --collected $(or $(DATE),2000-01-01) --out "$(OUT)" -- --cores $(CORES)

# The tests of the workflow take longest and come first; those of a file share what they made.
test: .venv/.ready lint
	@pytest -q -m "not long and not slurm" -n $(CORES) --dist loadfile --no-loadscope-reorder tests/workflow tests

test-long: .venv/.ready
	@python -m pip install -q --disable-pip-version-check --only-binary :all: --require-hashes -r envs/fuzz.lock || \
		echo "test-long: atheris has no wheel for this Python; its searches are left out" >&2
	@HYPOTHESIS_PROFILE=search pytest -q -m long -n $(CORES) tests/properties/test_fuzzing.py
	@HYPOTHESIS_PROFILE=search pytest -q -m "long or hypothesis" --ignore tests/properties/test_fuzzing.py

# A Slurm of one node on loopback, with and without accounts; its daemons need root.
test-slurm: .venv/.ready slurm
	@pytest -q -m "slurm and not long"

# As root, Debian's packages are installed where they are missing.
SLURM := slurmctld slurmd slurmdbd slurm-client munge mariadb-server
slurm:
	@for program in slurmctld slurmd slurmdbd sbatch munged mariadbd; do \
		PATH="$$PATH:/usr/sbin" command -v $$program >/dev/null && continue; \
		[ "$$(id -u)" = 0 ] || { echo "$$program is missing: install $(SLURM) as root" >&2; exit 1; }; \
		apt-get -q -q update \
			&& DEBIAN_FRONTEND=noninteractive apt-get -q -q install -y --no-install-recommends $(SLURM) || exit 1; \
		break; \
	done

# Speed against plain `bwa mem`, one thread each, and accuracy against known truth; READS= sets the raw reads.
bench: export FIGURES = bench_figures.tsv
bench: .venv/.ready
	@rm -f $(FIGURES)
	@python tests/bench/speed.py --reads $(or $(READS),1000000)
	@PYTHONPATH=scripts:tests python tests/bench/once.py
	@PYTHONPATH=scripts:tests python tests/bench/once_calls.py
	@python tests/bench/accuracy.py
	@python tests/bench/accuracy_counts.py
	@python tests/bench/accuracy_counts.py --sample ffpe_no_umi
	@python tests/bench/copy_number.py
	@PYTHONPATH=scripts python tests/bench/graph.py
	@PYTHONPATH=scripts:tests python tests/bench/assay_study.py bench_study.tsv
	@python -m alktrace assay validate bench_study.tsv --criteria tests/bench/assay_criteria.yaml --out bench_validation
	@python tests/bench/bench_figures.py

# Families and consensus beside fgumi and fgbio, where they are on PATH.
bench-peers: .venv/.ready
	@PYTHONPATH=scripts:tests python tests/bench/peers.py --reads $(or $(READS),1000000)

lint: .venv/.ready
	@ruff check .
	@ruff format --check -q .
	@mypy
	@snakefmt --check Snakefile rules

format: .venv/.ready
	@ruff check -q --fix .
	@ruff format -q .
	@snakefmt Snakefile rules

# Needs `uv`; run it to move the pins, then `make test`. CNVkit and the tools of tests add to requirements.lock. Left out
# of MultiQC's is what only its pictures (kaleido), a second build (polars-runtime-32) and nothing at all (pyarrow) import.
PIN := uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -q
lock:
	@$(PIN) pyproject.toml -o requirements.lock
	@known="-c requirements.lock $$(sed -n 's/^\([a-z0-9][^ =]*\)==.*/--no-emit-package \1/p' requirements.lock | tr '\n' ' ')"; \
		echo weasyprint | $(PIN) - $$known -o envs/pdf.lock && echo cnvkit | $(PIN) - $$known -o envs/cnvkit.lock && $(PIN) --group dev $$known -c envs/cnvkit.lock -o envs/dev.lock
	@$(PIN) --group fuzz -o envs/fuzz.lock
	@echo igv-notebook | $(PIN) - --no-deps -o envs/igv.lock
	@echo multiqc | $(PIN) - $(addprefix --no-emit-package ,kaleido polars-runtime-32 pyarrow) -o envs/multiqc.lock

docs: .venv/.ready
	@python -m alktrace docs

clean:
	@rm -rf demo .snakemake .pytest_cache .mypy_cache .ruff_cache

# The docs site, into site/.
.PHONY: site
site:
	@python3 -m venv .venv/docs && .venv/docs/bin/pip install -q --disable-pip-version-check --require-hashes -r envs/docs.lock
	@NO_MKDOCS_2_WARNING=1 .venv/docs/bin/mkdocs build
