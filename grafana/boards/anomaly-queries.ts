/**
 * Owns the PromQL of the table of anomalies. An alert's own series says neither which process it is about nor how much it is:
 * its labels stay the same while it fires. So both are joined to it when the table is drawn: the busiest process of the
 * program, the level, the baseline and the limit from the series that the alert judges, and the incident from the remediator.
 */
import { ALERT, PROGRAM, rate } from '../promql.ts'

/** Every label that tells one alert from another, in one: the queries' answers are put together by it. */
const ROW_LABELS = [
  'alertname',
  'severity',
  'instance',
  'job',
  'signal',
  'direction',
  'group',
  'pid',
  'probe',
  'device',
  'directory',
  'mountpoint',
  'check',
  'service',
  'family',
  'collector',
  'threshold',
]

/** What an alert is about when that is no program. The remediator puts the same together in `procwarden_incident_info`. */
export const SUBJECT_LABELS = ['probe', 'device', 'directory', 'mountpoint', 'check', 'service', 'family', 'collector']

/** Which series of a process tells who of a program it is, by the signal of the alert. */
const MEASURES = [
  { measure: 'cpu', signals: 'cpu|cpu_spike|spin', series: rate('procwarden_process_cpu_seconds_total', PROGRAM) },
  { measure: 'memory', signals: 'memory|memory_.+|allocation', series: `procwarden_process_resident_memory_bytes{${PROGRAM}}` },
  { measure: 'writes', signals: 'writes', series: rate('procwarden_process_write_operations_total', PROGRAM) },
  { measure: 'reads', signals: 'reads', series: rate('procwarden_process_read_operations_total', PROGRAM) },
  { measure: 'files', signals: 'files', series: rate('procwarden_process_files_created_total', PROGRAM) },
  { measure: 'fds', signals: 'fds|fd_.+', series: `procwarden_process_open_fds{${PROGRAM}}` },
  { measure: 'threads', signals: 'threads|thread_growth', series: `procwarden_process_threads{${PROGRAM}}` },
]

const UNITS: ReadonlyArray<readonly [unit: string, signals: string]> = [
  ['cores', 'cpu|cpu_spike|spin'],
  ['bytes', 'memory|memory_kept|allocation'],
  ['bytes/s', 'memory_leak_.+|network_.+'],
  ['operations/s', 'writes|reads'],
  ['files/s', 'files'],
  ['descriptors', 'fds|fd_leak'],
  ['share', 'fd_ratio|host_.+|disk_.+|probe_errors|check_errors|remediation_failures'],
  ['threads', 'threads|thread_growth'],
  ['seconds', 'latency|latency_p95'],
  ['deviations', 'latency_sigma'],
  ['times usual', 'run_length|check_latency'],
  ['bytes/h', 'check_memory'],
  ['processes', 'zombies'],
  ['runs', 'failed_exits|crashes'],
  ['copies', 'duplicates'],
]

/** Information is for other pages. */
const WANTED = `${ALERT},severity!="info"`

/** Alerts that fire, each with `row`. */
function alerts(matchers: string): string {
  return `label_join(ALERTS{${WANTED}${matchers === '' ? '' : `,${matchers}`}}, "row", " ", ${list(ROW_LABELS)})`
}

/** The same with `measure`: what of a process tells whether it is the one. */
function measured(matchers: string): string {
  return MEASURES.reduce(
    (inner, { measure, signals }) => `label_replace(${inner}, "measure", "${measure}", "signal", "${signals}")`,
    alerts(matchers),
  )
}

function withSubject(series: string): string {
  return `label_join(${series}, "subject", "", ${list(SUBJECT_LABELS)})`
}

function list(labels: readonly string[]): string {
  return labels.map((label) => `"${label}"`).join(', ')
}

/** 1 for the process of each program that has most of each measure. */
function busiestProcesses(): string {
  const all = MEASURES.map(
    ({ measure, series }) => `label_replace(sum by (instance, job, group, pid) (${series}), "measure", "${measure}", "", "")`,
  )
  return `group by (measure, instance, job, group, pid) (topk by (measure, instance, job, group) (1, ${all.join(' or ')}))`
}

/** The incident of each alert, by the labels that both have. */
function incidents(by: readonly string[]): string {
  const hosts = 'label_replace(procwarden_incident_info, "instance", "$1", "host", "(.+)")'
  return `topk by (${by.join(', ')}) (1, ${hosts})`
}

const OF_INCIDENT = 'incident, status, diagnosis, confidence, recommended_action'
const COMMON = ['alertname', 'instance', 'signal', 'subject']

function withIncident(alertSeries: string, by: readonly string[], also = ''): string {
  return `${alertSeries} * on (${by.join(', ')}) group_left (${OF_INCIDENT}${also}) ${incidents(by)}`
}

/** One series for each row, with everything that is a text. */
function rows(): string {
  const ofProgram = measured('group!="",pid=""')
  const withProcess = withSubject(
    `${ofProgram} * on (measure, instance, job, group) group_left (pid) ${busiestProcesses()} or on (row) ${ofProgram}`,
  )
  const parts = [
    withIncident(withSubject(alerts('group!="",pid!=""')), [...COMMON, 'group', 'pid']),
    withIncident(withProcess, [...COMMON, 'group']),
    // What is about a folder, a probe or a machine: the program and the process are those that the remediator found.
    withIncident(withSubject(alerts('group=""')), COMMON, ', group, pid'),
    withProcess,
    withSubject(alerts('')),
  ]
  const labels = ['row', 'alertname', 'severity', 'instance', 'group', 'pid', 'subject', 'signal', 'unit', ...OF_INCIDENT.split(', ')]
  return `max by (${labels.join(', ')}) (${withUnits(parts.join('\n or on (row) '))})`
}

function withUnits(series: string): string {
  const storms = `label_replace(${series}, "unit", "files in 5 min", "alertname", ".*FileCreationStorm")`
  const bySignal = UNITS.reduce((inner, [unit, signals]) => `label_replace(${inner}, "unit", "${unit}", "signal", "${signals}")`, storms)
  return `label_replace(${bySignal}, "unit", "processes", "alertname", "ForkBomb")`
}

const SIGNAL_KEY = 'signal, instance, job, group, probe, device'
const LIMIT_KEY = 'signal, instance, job, group, pid, probe, mountpoint, device, directory, check, family'

function joined(alertSeries: string, key: string, series: string): string {
  return `${alertSeries} * on (${key}) group_left () ${series}`
}

function byRow(parts: readonly string[]): string {
  return `max by (row) (${parts.join('\n or on (row) ')})`
}

function current(): string {
  return byRow([
    joined(alerts('signal!=""'), SIGNAL_KEY, 'procwarden:signal:level'),
    joined(alerts('signal!=""'), LIMIT_KEY, 'procwarden:limit:value'),
    joined(alerts('alertname="FileCreationStorm"'), 'instance, job, directory', 'procwarden:files_created:increase5m'),
    joined(alerts('alertname="ProcessFileCreationStorm"'), 'instance, job, group, pid', 'procwarden:process_files_created:increase5m'),
    joined(alerts('alertname="GroupFileCreationStorm"'), 'instance, job, group', 'procwarden:group_files_created:increase5m'),
    joined(alerts('alertname="ForkBomb"'), 'instance, job, group, pid', 'procwarden:process:brood'),
  ])
}

function baseline(): string {
  const ofFiles = '(300 * procwarden:signal:baseline{signal="files"})'
  return byRow([
    joined(alerts('signal!=""'), SIGNAL_KEY, 'procwarden:signal:baseline'),
    joined(alerts('signal=~"cpu_spike|spin"'), 'instance, job, group', 'procwarden:signal:baseline{signal="cpu"}'),
    joined(alerts('alertname=~"(Process|Group)FileCreationStorm"'), 'instance, job, group', ofFiles),
    // A day's mean would read too much at each refresh; this is the hour before the storm.
    joined(
      alerts('alertname="FileCreationStorm"'),
      'instance, job, directory',
      'avg_over_time(procwarden:files_created:increase5m[1h] offset 15m)',
    ),
  ])
}

function limit(): string {
  const storm = (alertname: string, label: string, signal: string): string[] => [
    joined(alerts(`alertname="${alertname}"`), label, `max by (${label}) (procwarden:threshold:storm:override{signal="${signal}"})`),
    `${alerts(`alertname="${alertname}"`)} * on () group_left () max(procwarden:threshold:storm:default{signal="${signal}"})`,
  ]
  return byRow([
    joined(alerts('signal!="",alertname!="SignalOutOfRange"'), SIGNAL_KEY, 'procwarden:signal:limit'),
    joined(alerts('direction="above"'), SIGNAL_KEY, 'procwarden:signal:upper'),
    joined(alerts('direction="below"'), SIGNAL_KEY, 'procwarden:signal:lower'),
    joined(alerts('signal!=""'), LIMIT_KEY, 'procwarden:threshold:limit'),
    ...storm('FileCreationStorm', 'directory', 'directory_files'),
    ...storm('ProcessFileCreationStorm', 'group', 'process_files'),
    ...storm('GroupFileCreationStorm', 'group', 'group_files'),
    `${alerts('alertname="ForkBomb"')} * on () group_left () max(procwarden:threshold:descendants:default)`,
  ])
}

/** What the signal behind the alert gains in an hour, at the pace of the last quarter of one. */
function growth(): string {
  const ofSignal = 'label_replace(3600 * deriv(procwarden:signal:level{group!=""}[15m]), "measure", "$1", "signal", "(.+)")'
  return byRow([joined(measured('signal!="",group!=""'), 'measure, instance, job, group', ofSignal)])
}

/** In the order of the table's queries. */
export const ANOMALY_QUERIES = {
  rows: rows(),
  current: current(),
  baseline: baseline(),
  ratio: `${current()}\n/\n(${baseline()} > 0)`,
  limit: limit(),
  growth: growth(),
}
