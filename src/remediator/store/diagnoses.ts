/** Owns the names by which the diagnostician calls the operations on diagnoses, each of which has a file of its own. */
export { diagnosisOf } from './diagnoses/diagnosis-of.ts'
export { keepDiagnosis } from './diagnoses/keep-diagnosis.ts'
