# The numbers of the demo cohort as R has them: `Rscript reference.R survival.tsv counts.tsv stays.tsv intervals.tsv few.tsv weights.tsv rates.tsv > results.tsv`.
library(survival)
given <- commandArgs(trailingOnly = TRUE)
level <- 0.95
write <- function(name, value) cat(name, "\t", format(value, digits = 12, trim = TRUE), "\n", sep = "")
surv <- function(d) {
  if (any(d$entry > 0)) Surv(d$entry, d$time, d$event) else Surv(d$time, d$event)
}
cat("name\tvalue\n")
cat("R\t", paste(R.version$major, R.version$minor, sep = "."), "\n", sep = "")
cat("survival\t", as.character(packageVersion("survival")), "\n", sep = "")
data <- read.delim(given[1])
for (set in unique(data$set)) {
  d <- data[data$set == set, ]
  f <- survfit(surv(d) ~ 1, conf.type = "log-log", conf.int = level)
  # Not quantile(): under delayed entry the band may go down and up again, which it does not expect.
  q <- summary(f)$table
  write(paste(set, "median", sep = ":"), q[["median"]])
  write(paste(set, "median_low", sep = ":"), q[["0.95LCL"]])
  write(paste(set, "median_high", sep = ":"), q[["0.95UCL"]])
  if (startsWith(set, "OS_")) {
    # Follow-up: alive at the end is the event.
    q <- summary(survfit(surv(transform(d, event = 1 - event)) ~ 1, conf.type = "log-log", conf.int = level))$table
    write(paste(set, "follow_up", sep = ":"), q[["median"]])
    write(paste(set, "follow_up_low", sep = ":"), q[["0.95LCL"]])
    write(paste(set, "follow_up_high", sep = ":"), q[["0.95UCL"]])
  }
  for (year in 1:2) {
    days <- 365.25 * year
    if (days > max(d$time)) next
    s <- summary(f, times = days)
    if (s$surv <= 0) next
    write(paste(set, year, "rate", sep = ":"), s$surv)
    write(paste(set, year, "low", sep = ":"), s$lower)
    write(paste(set, year, "high", sep = ":"), s$upper)
    write(paste(set, year, "at_risk", sep = ":"), s$n.risk)
  }
  if (all(is.na(d$treated))) next
  d <- d[!is.na(d$treated) & !is.na(d$marker), ]
  m <- coxph(surv(d) ~ treated, data = d, ties = "efron")
  write(paste(set, "score", sep = ":"), m$score)
  if (all(d$entry == 0)) write(paste(set, "log_rank", sep = ":"), survdiff(surv(d) ~ treated, data = d)$chisq)
  # To the maximum: by default a coefficient near zero has eight digits only.
  to_the_end <- coxph.control(eps = 1e-12, toler.chol = 1e-13)
  m <- coxph(surv(d) ~ treated + marker, data = d, ties = "efron", control = to_the_end)
  z <- cox.zph(m, transform = "rank")$table
  for (x in c("treated", "marker")) {
    write(paste(set, x, "coef", sep = ":"), coef(m)[[x]])
    write(paste(set, x, "se", sep = ":"), sqrt(diag(vcov(m)))[[x]])
    write(paste(set, x, "p", sep = ":"), summary(m)$coefficients[x, "Pr(>|z|)"])
    write(paste(set, x, "zph_p", sep = ":"), z[x, "p"])
  }
}
# States: p0 given, as everybody begins in the first one, also who is observed later.
stays <- read.delim(given[3])
for (model in unique(stays$model)) {
  d <- stays[stays$model == model, ]
  states <- unique(unlist(strsplit(as.character(d$states[1]), ";")))
  d$to <- factor(ifelse(is.na(d$next_state), "censored", d$next_state), levels = c("censored", states))
  d$state <- factor(d$state, levels = states)
  first <- as.numeric(seq_along(states) == 1)
  f <- survfit(Surv(begin_days, end_days, to) ~ 1, data = d, id = patient, istate = state, p0 = first,
               conf.type = "log-log", influence = TRUE)
  for (day in c(100, 200, 300)) {
    s <- summary(f, times = day)
    for (i in seq_along(states)) {
      k <- match(states[i], f$states)
      at <- paste(model, states[i], day, sep = ":")
      write(paste(at, "probability", sep = ":"), s$pstate[k])
      write(paste(at, "error", sep = ":"), s$std.err[k])
      write(paste(at, "low", sep = ":"), s$lower[k])
      write(paste(at, "high", sep = ":"), s$upper[k])
      # Days in the state, and their error from the influences on each step.
      inside <- f$time < day
      widths <- diff(c(0, f$time[inside], day))
      write(paste(at, "days", sep = ":"), sum(widths * c(first[i], f$pstate[inside, k])))
      # Influences begin with time 0 where there is one row more than times.
      u <- f$influence.pstate[, , k]
      u <- u[, (ncol(u) - length(f$time) + 1):ncol(u)]
      write(paste(at, "days_error", sep = ":"), sqrt(sum((cbind(0, u[, inside]) %*% widths)^2)))
    }
  }
}
# Interval-censored: survfit stops when no mass changes by 5e-5, and jumps in the middle of an interval.
spans <- read.delim(given[4])
for (set in unique(spans$set)) {
  d <- spans[spans$set == set, ]
  f <- survfit(Surv(left, right, type = "interval2") ~ 1, data = d)
  for (day in c(5, 10, 15, 20, 30, 35, 45)) {
    write(paste(set, day, "interval", sep = ":"), summary(f, times = day)$surv)
  }
}
# Penalised (Firth): log partial likelihood and information of coxph at given coefficients, half of the log
# determinant of the information added, and maximised by general optimisers.
firth <- read.delim(given[5])
penalised <- function(formula, d, b) {
  m <- suppressWarnings(coxph(formula, data = d, init = b, ties = "efron", control = coxph.control(iter.max = 0)))
  m$loglik[2] - 0.5 * log(det(vcov(m)))
}
largest <- function(formula, d, p, held = 0, value = 0) {
  f <- function(v) {
    b <- numeric(p)
    if (held == 0) b <- v else { b[held] <- value; b[-held] <- v }
    -penalised(formula, d, b)
  }
  k <- p - (held > 0)
  if (k == 0) return(list(value = -penalised(formula, d, value)))
  if (k == 1) {
    o <- optimize(f, c(-12, 12), tol = 1e-10)
    return(list(par = o$minimum, value = o$objective))
  }
  o <- optim(rep(0, k), f, method = "Nelder-Mead", control = list(reltol = 1e-15, maxit = 5000))
  optim(o$par, f, method = "BFGS", control = list(reltol = 1e-16))
}
for (name in c("crossed", "separated")) {
  d <- firth
  formula <- Surv(entry, time, event) ~ treated + marker + both
  if (name == "separated") formula <- Surv(entry, time, event_of_others) ~ treated
  p <- if (name == "crossed") 3 else 1
  m <- largest(formula, d, p)
  for (i in 1:p) {
    short <- function(v) largest(formula, d, p, i, v)$value - m$value - qchisq(level, 1) / 2
    at <- paste("firth", name, i, sep = ":")
    write(paste(at, "coef", sep = ":"), m$par[i])
    # The last alone, the interaction: each step of a profile is a search over the other coefficients.
    if (i < p) next
    write(paste(at, "low", sep = ":"), uniroot(short, c(m$par[i] - 12, m$par[i]), tol = 1e-9)$root)
    write(paste(at, "high", sep = ":"), uniroot(short, c(m$par[i], m$par[i] + 12), tol = 1e-9)$root)
    ratio <- 2 * (largest(formula, d, p, i, 0)$value - m$value)
    write(paste(at, "p", sep = ":"), pchisq(ratio, 1, lower.tail = FALSE))
  }
}
# Propensities by Firth's logistic regression, as an ordinary one of pseudo-observations (half of the leverage to
# either side, until it stays), the intercept again without it; weighted Cox models with robust variance.
d <- read.delim(given[6])
x <- cbind(1, scale(as.matrix(d[, c("brain", "months", "ecog")])))
h <- rep(0, nrow(d))
for (i in 1:500) {
  m <- glm((treated + h / 2) / (1 + h) ~ x - 1, data = d, weights = 1 + h, family = quasibinomial,
           control = glm.control(epsilon = 1e-15, maxit = 100))
  w <- m$fitted.values * (1 - m$fitted.values)
  again <- diag(sqrt(w) * x %*% solve(t(x * w) %*% x) %*% t(x * sqrt(w)))
  if (max(abs(again - h)) < 1e-14) break
  h <- again
}
linear <- as.vector(x[, -1] %*% coef(m)[-1])
m <- glm(treated ~ offset(linear), data = d, family = binomial, control = glm.control(epsilon = 1e-15, maxit = 100))
e <- m$fitted.values
for (i in c(1, 2, 30, 90)) write(paste("propensity", i, sep = ":"), e[i])
share <- mean(d$treated)
target <- list(
  ATE = ifelse(d$treated == 1, share / e, (1 - share) / (1 - e)),
  ATT = ifelse(d$treated == 1, 1, e / (1 - e) * (1 - share) / share)
)
for (name in names(target)) {
  d$w <- target[[name]]
  for (late in c("late", "day0", "strata")) {
    f <- switch(late, late = Surv(entry, time, event) ~ treated, day0 = Surv(time, event) ~ treated,
                strata = Surv(entry, time, event) ~ treated + strata(ecog))
    m <- coxph(f, data = d, weights = w, cluster = seq_len(nrow(d)), ties = "efron",
               control = coxph.control(eps = 1e-13, toler.chol = 1e-14, iter.max = 50))
    at <- paste("weighted", name, late, sep = ":")
    write(paste(at, "coef", sep = ":"), coef(m)[[1]])
    write(paste(at, "se", sep = ":"), sqrt(vcov(m)[1, 1]))
    write(paste(at, "p", sep = ":"), summary(m)$coefficients[1, "Pr(>|z|)"])
  }
  for (group in 0:1) {
    w <- d$w[d$treated == group]
    write(paste("effective", name, group, sep = ":"), sum(w)^2 / sum(w^2))
  }
  for (column in c("brain", "months", "ecog")) {
    one <- d[d$treated == 1, column]
    other <- d[d$treated == 0, column]
    n <- c(length(one), length(other))
    spread <- sqrt((var(one) * (n[1] - 1) / n[1] + var(other) * (n[2] - 1) / n[2]) / 2)
    if (name == "ATE") write(paste("before", column, sep = ":"), (mean(one) - mean(other)) / spread)
    after <- weighted.mean(one, d$w[d$treated == 1]) - weighted.mean(other, d$w[d$treated == 0])
    write(paste("after", name, column, sep = ":"), after / spread)
  }
}
holm <- p.adjust(c(0.01, 0.04, 0.03, 0.005, 0.9), "holm")
for (i in seq_along(holm)) write(paste("holm", i, sep = ":"), holm[i])
# fisher.test() finds odds ratio and interval with uniroot() at a tolerance of 1e-4; these are its equations
# (conditional maximum likelihood, tails of the noncentral hypergeometric law) at 1e-13.
odds <- function(x, total, other, other_total) {
  k <- x + other
  support <- max(0, k - other_total):min(k, total)
  log_density <- dhyper(support, total, other_total, k, log = TRUE)
  density <- function(log_odds) {
    d <- log_density + log_odds * support
    d <- exp(d - max(d))
    d / sum(d)
  }
  solve_for <- function(f) exp(uniroot(f, c(-30, 30), tol = 1e-13)$root)
  tail <- (1 - level) / 2
  mle <- if (x == min(support)) 0 else if (x == max(support)) Inf else {
    solve_for(function(l) sum(support * density(l)) - x)
  }
  low <- if (x == min(support)) 0 else solve_for(function(l) sum(density(l)[support >= x]) - tail)
  high <- if (x == max(support)) Inf else solve_for(function(l) sum(density(l)[support <= x]) - tail)
  c(mle, low, high)
}
counts <- read.delim(given[2])
p <- c()
for (i in seq_len(nrow(counts))) {
  k <- counts[i, ]
  t <- fisher.test(matrix(c(k$count, k$total - k$count, k$other_count, k$other_total - k$other_count), 2))
  p <- c(p, t$p.value)
  write(paste(k$name, "fisher_p", sep = ":"), t$p.value)
  o <- odds(k$count, k$total, k$other_count, k$other_total)
  stopifnot(all.equal(o, c(t$estimate, t$conf.int), tolerance = 5e-3, check.attributes = FALSE))
  write(paste(k$name, "odds_ratio", sep = ":"), o[1])
  write(paste(k$name, "odds_low", sep = ":"), o[2])
  write(paste(k$name, "odds_high", sep = ":"), o[3])
  b <- binom.test(k$count + k$other_count, k$total + k$other_total)
  write(paste(k$name, "share_low", sep = ":"), b$conf.int[1])
  write(paste(k$name, "share_high", sep = ":"), b$conf.int[2])
}
q <- p.adjust(p, "BH")
for (i in seq_len(nrow(counts))) write(paste(counts$name[i], "q", sep = ":"), q[i])
# Events by exposure.
rates <- read.delim(given[7])
for (i in seq_len(nrow(rates))) {
  t <- poisson.test(rates$events[i], rates$years[i], conf.level = level)
  at <- paste("rate", rates$events[i], rates$years[i], sep = ":")
  write(paste(at, "rate", sep = ":"), t$estimate)
  write(paste(at, "low", sep = ":"), t$conf.int[1])
  write(paste(at, "high", sep = ":"), t$conf.int[2])
}
