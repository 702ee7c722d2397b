# Validation statistics as R has them: `Rscript reference.R probit.tsv nested.tsv > results.tsv`.
given <- commandArgs(trailingOnly = TRUE)
write <- function(name, value) cat(name, "\t", format(value, digits = 12, trim = TRUE), "\n", sep = "")
cat("name\tvalue\n")
cat("R\t", paste(R.version$major, R.version$minor, sep = "."), "\n", sep = "")
data <- read.delim(given[1])
z <- qnorm(0.975)
for (lot in unique(data$lot)) {
  d <- data[data$lot == lot, ]
  m <- glm(cbind(hits, total - hits) ~ log10(dose), binomial("probit"), d,
           control = glm.control(epsilon = 1e-14, maxit = 100))
  b <- coef(m)
  v <- vcov(m)
  middle <- (qnorm(0.95) - b[[1]]) / b[[2]]
  # The fiducial interval by its definition, not by its formula: doses at which the line may be at 95 %.
  off <- function(x) (b[[1]] + b[[2]] * x - qnorm(0.95))^2 - z^2 * (v[1, 1] + 2 * x * v[1, 2] + x^2 * v[2, 2])
  pearson <- sum(residuals(m, "pearson")^2)
  write(paste(lot, "intercept", sep = ":"), b[[1]])
  write(paste(lot, "slope", sep = ":"), b[[2]])
  write(paste(lot, "dose", sep = ":"), 10^middle)
  write(paste(lot, "low", sep = ":"), 10^uniroot(off, c(middle - 2, middle), tol = 1e-14)$root)
  write(paste(lot, "high", sep = ":"), 10^uniroot(off, c(middle, middle + 2), tol = 1e-14)$root)
  write(paste(lot, "fit_p", sep = ":"), pchisq(pearson, m$df.residual, lower.tail = FALSE))
  p <- predict(m, data.frame(dose = 0.05), se.fit = TRUE)
  write(paste(lot, "rate_low", sep = ":"), pnorm(p$fit - z * p$se.fit))
  write(paste(lot, "rate_high", sep = ":"), pnorm(p$fit + z * p$se.fit))
}
nested <- read.delim(given[2], colClasses = c("character", "character", "numeric"))
one <- nested[nested$material == "a", ]
table <- anova(lm(value ~ run, one))
write("a:within_square", table["Residuals", "Mean Sq"])
write("a:between_square", table["run", "Mean Sq"])
table <- anova(lm(value ~ material / run, nested))
write("both:within_square", table["Residuals", "Mean Sq"])
write("both:between_square", table["material:run", "Mean Sq"])
