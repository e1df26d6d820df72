/** Owns the list of the dashboards' queries that may rightly return nothing after the scripted anomaly of the tests, and why. */

const CALM = 'the scripted program leaves its normal in files, and where it gets enough of one in CPU'
const NO_FALL = 'a fall of this signal is nothing to tell of, so its band has no lower edge'
const NO_CHECK = 'checks run by themselves only some time after a start, and have a baseline only once one was saved'

/** By place, as `listQueries` names it. All others return series. */
export const MAY_BE_EMPTY: Readonly<Record<string, string>> = {
  'procwarden-fleet: panel "Checks" A': NO_CHECK,
  'procwarden-group: panel "CPU" F': CALM,
  'procwarden-group: panel "Memory" D': NO_FALL,
  'procwarden-group: panel "Memory" F': CALM,
  'procwarden-group: panel "Memory growth" B': 'a leak is told after five minutes at the earliest',
  'procwarden-group: panel "Write operations" F': CALM,
  'procwarden-group: panel "Read operations" F': CALM,
  'procwarden-group: panel "File descriptors" D': NO_FALL,
  'procwarden-group: panel "File descriptors" F': CALM,
  'procwarden-group: panel "Threads" D': NO_FALL,
  'procwarden-group: panel "Threads" F': CALM,
  'procwarden-host: panel "Memory by use" D': 'nothing is swapped out, or there is no swap',
  'procwarden-host: panel "Temperature" A': 'a virtual machine has no sensor',
  'procwarden-host: panel "Processor clock" A': 'some virtual machines do not tell the clock',
  'procwarden-host: panel "Processor clock" B': 'some virtual machines do not tell the clock',
  'procwarden-host: panel "Processor clock" C': 'some virtual machines do not tell the clock',
  'procwarden-files: panel "Folders and writers without a series" A': 'no cap was reached',
  'procwarden-stack: panel "What is not seen" A': 'no cap was reached',
  'procwarden-stack: panel "What may not be read" A': 'every process may be read',
  'procwarden-remediation: panel "Mail and advisor" B': 'no advisor is configured',
  'procwarden-remediation: panel "Passed or failed" A': NO_CHECK,
  'procwarden-remediation: panel "Errors of checks" A': NO_CHECK,
  'procwarden-remediation: panel "Latency of checks" A': NO_CHECK,
  'procwarden-remediation: panel "Latency of checks" B': NO_CHECK,
  'procwarden-remediation: panel "Memory under checks" A': NO_CHECK,
}
