/** Owns how diagnoses are written for people. */
import { DIAGNOSES } from '../../src/remediator/diagnosis/diagnosis.ts'

export const DIAGNOSIS_TEXTS = Object.fromEntries(DIAGNOSES.map((name) => [name, { text: name.replaceAll('_', ' '), color: 'text' }]))
