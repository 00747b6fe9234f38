/** Beyond this a double cannot tell a probability from 0 or 1, so log-odds are clamped to ±this. */
export const maxScore = 40

/** Log-odds (natural logarithm) of a probability in [0, 1], clamped to ±40 so that they are finite; NaN for any other number. */
export function logit(probability: number): number {
  return clamp(Math.log(probability) - Math.log1p(-probability))
}

/** The probability of log-odds, in [0, 1]. */
export function logistic(score: number): number {
  return 1 / (1 + Math.exp(-score))
}

/** Log-odds from a log-probability ≤ 0, exact where the probability itself would round to 1. */
export function logitOfLog(logProbability: number): number {
  return clamp(logProbability - Math.log(-Math.expm1(logProbability)))
}

function clamp(odds: number): number {
  return Math.max(-maxScore, Math.min(maxScore, odds))
}
