/** Owns the order of test files: those that take minutes begin first, so that none of them runs alone at the end. */
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** The longest first. Of the others the size decides, or how long they took last time. */
const LONGEST = [
  'test/unit/rules/promtool.test.ts',
  'test/chaos/crash-matrix.test.ts',
  'test/e2e/console.test.ts',
  'test/e2e/diagnosis.test.ts',
  'test/integration/exporter/file-activity.test.ts',
]

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const at = LONGEST.findIndex((file) => moduleId.endsWith(`/${file}`))
      return at < 0 ? LONGEST.length : at
    }
    const order = ({ project }: TestSpecification): number => project.config.sequence.groupOrder
    // oxlint-disable-next-line no-array-sort -- it is the sequencer's, and sorts nothing in place
    return (await super.sort(files)).toSorted((a, b) => order(a) - order(b) || rank(a) - rank(b))
  }
}
