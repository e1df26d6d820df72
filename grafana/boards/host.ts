/** Owns the dashboard of a host: what it is short of, and which programs are the reason. */
import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard'
import { board } from '../dashboard.ts'
import type { Row } from '../layout.ts'
import { toProgram } from '../links.ts'
import { STEPS } from '../panels/panel.ts'
import { stat } from '../panels/stat.ts'
import { table } from '../panels/table.ts'
import { timeSeries } from '../panels/time-series.ts'
import { HOST, PROGRAM, rate } from '../promql.ts'
import { diskAndNetwork, machine } from './host-devices.ts'
import { busiest } from './host-programs.ts'

export function host(): Dashboard {
  return board({
    name: 'host',
    description: 'Why a machine is busy: what it is short of, which programs are the reason, and of what kind they are.',
    rows: [short(), why(), busiest(), processorAndMemory(), diskAndNetwork(), machine()],
  })
}

function short(): Row {
  const width = 4
  const share = (title: string, description: string, expr: string) => ({
    width,
    panel: stat({ title, description, unit: 'percentunit', decimals: 0, queries: [{ expr, legend: '{{instance}}' }], steps: STEPS.share }),
  })
  return {
    title: 'What it is short of',
    height: 4,
    panels: [
      share(
        'CPU',
        'Share of all processors in use.',
        `1 - avg by (instance) (${rate('procwarden_host_cpu_seconds_total', `${HOST},mode="idle"`)})`,
      ),
      share(
        'Waiting for CPU',
        'Share of the time in which a task waited for a processor (pressure stall information of the kernel).',
        `sum by (instance) (${rate('procwarden_host_pressure_cpu_waiting_seconds_total', HOST)})`,
      ),
      share(
        'Memory',
        'Share of memory that programs cannot have any more.',
        `1 - sum by (instance) (procwarden_host_memory_available_bytes{${HOST}}) / sum by (instance) (procwarden_host_memory_total_bytes{${HOST}})`,
      ),
      share(
        'Waiting for memory',
        'Share of the time in which a task waited for memory.',
        `sum by (instance) (${rate('procwarden_host_pressure_memory_waiting_seconds_total', HOST)})`,
      ),
      share(
        'Waiting for storage',
        'Share of the time in which a task waited for storage.',
        `sum by (instance) (${rate('procwarden_host_pressure_io_waiting_seconds_total', HOST)})`,
      ),
      share(
        'Fullest file system',
        'Share in use of the fullest file system that can be written to.',
        `max by (instance) (1 - procwarden_host_filesystem_avail_bytes{${HOST}} / (procwarden_host_filesystem_size_bytes{${HOST}} > 0) unless procwarden_host_filesystem_readonly{${HOST}} == 1)`,
      ),
    ],
  }
}

function why(): Row {
  const cpu = `sum by (instance, group) (${rate('procwarden_group_cpu_seconds_total', PROGRAM)})`
  const category = `max by (instance, group, category) (procwarden_group_info{${PROGRAM}})`
  const usual = `max by (instance, group) (procwarden:signal:baseline{signal="cpu",${PROGRAM}})`
  return {
    title: 'Who is the reason',
    height: 10,
    panels: [
      {
        width: 15,
        panel: table({
          title: 'Busiest programs',
          description:
            'Programs by the processor time they use now, with what is usual for them, and what else they take. Empty category: none is known.',
          unit: 'short',
          queries: [
            `topk(20, ${cpu})`,
            `${cpu} / (${usual} > 0)`,
            `sum by (instance, group) (procwarden_group_resident_memory_bytes{${PROGRAM}})`,
            `sum by (instance, group) (${rate('procwarden_group_read_bytes_total', PROGRAM)} + ${rate('procwarden_group_written_bytes_total', PROGRAM)})`,
            `sum by (instance, group) (procwarden_group_processes{${PROGRAM}})`,
            category,
          ].map((expr, index) => (index === 0 ? expr : `${expr} and on (instance, group) topk(20, ${cpu})`)),
          columns: [
            { from: 'group', title: 'Program', link: toProgram('Host') },
            { from: 'category', title: 'Category' },
            { from: 0, title: 'Cores', unit: 'short', decimals: 2 },
            { from: 1, title: 'x usual', unit: 'short', decimals: 1 },
            { from: 2, title: 'Memory', unit: 'bytes' },
            { from: 3, title: 'Storage', unit: 'Bps' },
            { from: 4, title: 'Processes', unit: 'short', decimals: 0 },
            { from: 'instance', title: 'Host' },
          ],
          sortBy: { column: 'Cores' },
        }),
      },
      {
        width: 9,
        panel: timeSeries({
          title: 'CPU by kind of program',
          description: 'Cores in use by category of program: backup, development, database, system and so on; "other" where none is known.',
          unit: 'suffix: cores',
          shape: 'area',
          queries: [
            {
              expr: `sum by (category) (label_replace(${cpu} * on (instance, group) group_left (category) ${category}, "category", "other", "category", ""))`,
              legend: '{{category}}',
            },
          ],
        }),
      },
    ],
  }
}

function processorAndMemory(): Row {
  return {
    title: 'Processors and memory',
    height: 8,
    panels: [
      {
        width: 8,
        panel: timeSeries({
          title: 'CPU by mode',
          description: 'Cores in each mode, all but idle. Waiting for storage (iowait) is idle time that a disk is the reason of.',
          unit: 'suffix: cores',
          shape: 'area',
          queries: [
            { expr: `sum by (mode) (${rate('procwarden_host_cpu_seconds_total', `${HOST},mode!="idle"`)}) > 0`, legend: '{{mode}}' },
          ],
        }),
      },
      {
        width: 8,
        panel: timeSeries({
          title: 'Load and processors',
          description:
            'Tasks that run, wait to run or wait for storage, averaged over 1, 5 and 15 minutes, against the number of processors.',
          unit: 'short',
          queries: [
            { expr: `sum(procwarden_host_load1{${HOST}})`, legend: '1 minute' },
            { expr: `sum(procwarden_host_load5{${HOST}})`, legend: '5 minutes' },
            { expr: `sum(procwarden_host_load15{${HOST}})`, legend: '15 minutes' },
            { expr: `count(procwarden_host_cpu_seconds_total{${HOST},mode="idle"})`, legend: 'processors' },
          ],
          styles: [['/^processors$/', 'limit']],
        }),
      },
      {
        width: 8,
        panel: timeSeries({
          title: 'Memory by use',
          description: 'What memory is used for; caches are given back when programs need them.',
          unit: 'bytes',
          shape: 'area',
          queries: [
            {
              expr: `sum(procwarden_host_memory_total_bytes{${HOST}} - procwarden_host_memory_free_bytes - procwarden_host_memory_cached_bytes - procwarden_host_memory_buffers_bytes - procwarden_host_memory_slab_reclaimable_bytes)`,
              legend: 'programs',
            },
            {
              expr: `sum(procwarden_host_memory_cached_bytes{${HOST}} + procwarden_host_memory_buffers_bytes + procwarden_host_memory_slab_reclaimable_bytes)`,
              legend: 'caches',
            },
            { expr: `sum(procwarden_host_memory_free_bytes{${HOST}})`, legend: 'free' },
            {
              expr: `sum(procwarden_host_memory_swap_total_bytes{${HOST}} - procwarden_host_memory_swap_free_bytes) > 0`,
              legend: 'swapped out',
            },
          ],
        }),
      },
    ],
  }
}
