# Within strata, as R has it: `Rscript strata.R survival.tsv > strata.tsv`. Strata: the last digit of the patient modulo 3.
library(survival)
write <- function(name, value) cat(name, "\t", format(value, digits = 12, trim = TRUE), "\n", sep = "")
cat("name\tvalue\n")
data <- read.delim(commandArgs(trailingOnly = TRUE)[1])
data <- data[!is.na(data$treated) & !is.na(data$marker), ]
data$stratum <- as.integer(substring(data$patient, 2)) %% 3
for (set in unique(data$set)) {
  d <- data[data$set == set, ]
  s <- if (any(d$entry > 0)) Surv(d$entry, d$time, d$event) else Surv(d$time, d$event)
  write(paste(set, "score", sep = ":"), coxph(s ~ treated + strata(stratum), data = d)$score)
  to_the_end <- coxph.control(eps = 1e-12, toler.chol = 1e-13)
  m <- coxph(s ~ treated + marker + strata(stratum), data = d, control = to_the_end)
  z <- cox.zph(m, transform = "rank")$table
  for (x in c("treated", "marker")) {
    write(paste(set, x, "coef", sep = ":"), coef(m)[[x]])
    write(paste(set, x, "se", sep = ":"), sqrt(diag(vcov(m)))[[x]])
    write(paste(set, x, "zph_p", sep = ":"), z[x, "p"])
  }
  # Firth's: log partial likelihood and information of coxph, half of the log determinant added.
  penalised <- function(b) {
    m <- suppressWarnings(coxph(s ~ treated + strata(stratum), data = d, init = b, control = coxph.control(iter.max = 0)))
    m$loglik[2] - 0.5 * log(det(vcov(m)))
  }
  best <- optimize(penalised, c(-12, 12), maximum = TRUE, tol = 1e-10)
  short <- function(b) best$objective - penalised(b) - qchisq(0.95, 1) / 2
  write(paste(set, "firth", "coef", sep = ":"), best$maximum)
  write(paste(set, "firth", "low", sep = ":"), uniroot(short, c(best$maximum - 12, best$maximum), tol = 1e-10)$root)
  write(paste(set, "firth", "high", sep = ":"), uniroot(short, c(best$maximum, best$maximum + 12), tol = 1e-10)$root)
}
