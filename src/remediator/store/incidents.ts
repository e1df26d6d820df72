/** Owns the names by which stages and actions call the incidents table's operations, each of which has a file of its own. */
export { createIncident } from './incidents/create-incident.ts'
export { dueIncidents } from './incidents/due-incidents.ts'
export { firingIncidentsOf } from './incidents/firing-incidents-of.ts'
export { getIncident } from './incidents/get-incident.ts'
export { killedSince } from './incidents/killed-since.ts'
export { listIncidents } from './incidents/list-incidents.ts'
export { updateIncident } from './incidents/update-incident.ts'
