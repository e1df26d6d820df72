/** Owns the selectors that the dashboards' queries share, so that each variable filters the same everywhere. */

/** The chosen hosts; `$instance` is a regular expression. */
export const HOST = 'instance=~"$instance"'
/** The chosen programs on the chosen hosts. */
export const PROGRAM = `${HOST},group=~"$group"`
/** One program on one host, where the variables take a single value. */
export const ONE_PROGRAM = 'instance="$instance",group="$group"'
/** Of alerts: those about the chosen programs, and those that are about no program. */
export const ALERT = `alertstate="firing",remediate=~".+",${HOST},group=~"$group|"`

/** Runs of an incident that did something to the machine, or tried to; the others told, asked, waited or found nothing to do. */
export const ACTED = 'outcome=~"killed|frozen|thawed|restarted|quarantined|reaped|executed|failed|unknown"'

/** Per second, over the window that suits the resolution of the panel. */
export function rate(metric: string, matchers: string): string {
  return `rate(${metric}{${matchers}}[$__rate_interval])`
}

/**
 * The chosen programs of which a counter rose most within the time shown. `@ end()` fixes them for the whole graph, so that
 * no line comes and goes.
 */
export function leadersByRate(count: number, metric: string): string {
  return `topk(${count}, sum by (instance, group) (rate(${metric}{${PROGRAM}}[$__range] @ end())))`
}

/** Those with the highest level at the end of the time shown. */
export function leadersByLevel(count: number, metric: string): string {
  return `topk(${count}, sum by (instance, group) (${metric}{${PROGRAM}} @ end()))`
}
