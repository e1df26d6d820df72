/** Owns what the dashboards are called and where they are found: links, provisioning and docs all take it from here. */

/** The datasource that the provisioning file creates; any other can be chosen in a dashboard. */
export const DATASOURCE_UID = 'procwarden-prometheus'

/** In the order in which they are linked. The first is the home page. */
export const BOARDS = {
  fleet: { uid: 'procwarden-fleet', title: 'Fleet' },
  anomalies: { uid: 'procwarden-anomalies', title: 'Anomalies now' },
  host: { uid: 'procwarden-host', title: 'Host - why is it busy?' },
  group: { uid: 'procwarden-group', title: 'Process group' },
  files: { uid: 'procwarden-files', title: 'File activity' },
  remediation: { uid: 'procwarden-remediation', title: 'Remediation' },
  stack: { uid: 'procwarden-stack', title: 'Stack health' },
} as const

export type BoardName = keyof typeof BOARDS

/** The dashboard that people see first. */
export const HOME_UID = BOARDS.fleet.uid
