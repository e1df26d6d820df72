/** Owns the metrics of the advisor: how often it was asked and what became of it, how long it took, what it cost. */
import { Counter, Histogram, type Registry } from 'prom-client'
import { VERDICTS, type AdviceVerdict } from './answer.ts'

export interface AdvisorMetrics {
  /** `seconds` is undefined when it was not even asked. */
  answered(answer: { readonly verdict: AdviceVerdict; readonly seconds: number | undefined; readonly tokens: number }): void
}

export function createAdvisorMetrics(registers: Registry[]): AdvisorMetrics {
  const requests = new Counter({
    name: 'procwarden_advisor_requests_total',
    help: 'Questions to the advisor by what became of them; accepted: its choice was tried, told: an opinion, all others: not used.',
    labelNames: ['outcome'],
    registers,
  })
  const latency = new Histogram({
    name: 'procwarden_advisor_latency_seconds',
    help: 'Seconds from a question to the advisor until its answer, or until it was given up.',
    buckets: [0.5, 1, 2.5, 5, 10, 20, 40, 60, 120],
    registers,
  })
  const tokens = new Counter({ name: 'procwarden_advisor_tokens_total', help: 'Tokens that the advisor said it used.', registers })
  for (const outcome of VERDICTS) requests.inc({ outcome }, 0)
  return {
    answered: (answer) => {
      requests.inc({ outcome: answer.verdict })
      tokens.inc(answer.tokens)
      if (answer.seconds !== undefined) latency.observe(answer.seconds)
    },
  }
}
