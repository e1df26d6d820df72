/** Owns the row of a host's dashboard that follows its programs over time. */
import type { Row } from '../layout.ts'
import { lineToProgram } from '../links.ts'
import { timeSeries } from '../panels/time-series.ts'
import { PROGRAM, leadersByLevel, leadersByRate, rate } from '../promql.ts'

export function busiest(): Row {
  return {
    title: 'Programs over time',
    height: 9,
    panels: [
      {
        width: 8,
        panel: timeSeries({
          title: 'CPU of programs',
          description: 'Cores in use by the eight programs that used most within the time shown.',
          unit: 'suffix: cores',
          queries: [ofLeaders(rate('procwarden_group_cpu_seconds_total', PROGRAM), leadersByRate(8, 'procwarden_group_cpu_seconds_total'))],
          link: lineToProgram(),
        }),
      },
      {
        width: 8,
        panel: timeSeries({
          title: 'Memory of programs',
          description: 'Memory in RAM of the eight largest programs; pages that processes share count once for each.',
          unit: 'bytes',
          queries: [
            ofLeaders(`procwarden_group_resident_memory_bytes{${PROGRAM}}`, leadersByLevel(8, 'procwarden_group_resident_memory_bytes')),
          ],
          link: lineToProgram(),
        }),
      },
      {
        width: 8,
        panel: timeSeries({
          title: 'Storage written by programs',
          description:
            'Bytes per second that the eight programs that wrote most had written to storage. Without privileges only your own programs can be read.',
          unit: 'Bps',
          queries: [
            ofLeaders(rate('procwarden_group_written_bytes_total', PROGRAM), leadersByRate(8, 'procwarden_group_written_bytes_total')),
          ],
          link: lineToProgram(),
        }),
      },
    ],
  }
}

function ofLeaders(series: string, leaders: string) {
  return { expr: `sum by (instance, group) (${series}) and on (instance, group) ${leaders}`, legend: '{{group}}' }
}
