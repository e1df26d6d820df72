/** Owns the names of the incidents table's operations, each of which has a file of its own. */
export { countIncidentsByStatus } from './incidents/count-incidents-by-status.ts'
export { createIncident } from './incidents/create-incident.ts'
export { dueIncidents } from './incidents/due-incidents.ts'
export { getIncident } from './incidents/get-incident.ts'
export { killedSince } from './incidents/killed-since.ts'
export { latestEpisode } from './incidents/latest-episode.ts'
export { listIncidents } from './incidents/list-incidents.ts'
export { updateIncident } from './incidents/update-incident.ts'
