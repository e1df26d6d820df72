/** Owns the rows of a host's dashboard about its devices: disks, network, sensors. */
import type { Row } from '../layout.ts'
import { STEPS } from '../panels/panel.ts'
import { timeSeries } from '../panels/time-series.ts'
import { HOST, rate } from '../promql.ts'

export function diskAndNetwork(): Row {
  return {
    title: 'Disks and network',
    height: 8,
    panels: [
      {
        width: 6,
        panel: timeSeries({
          title: 'Disk throughput',
          description: 'Bytes per second read from each device and, below zero, written to it.',
          unit: 'Bps',
          min: 'any',
          queries: [
            { expr: `sum by (instance, device) (${rate('procwarden_host_disk_read_bytes_total', HOST)})`, legend: '{{device}} read' },
            {
              expr: `-sum by (instance, device) (${rate('procwarden_host_disk_written_bytes_total', HOST)})`,
              legend: '{{device}} written',
            },
          ],
        }),
      },
      {
        width: 6,
        panel: timeSeries({
          title: 'Disk busy',
          description: 'Share of the time in which each device had work. A disk that is always busy while programs wait for it thrashes.',
          unit: 'percentunit',
          max: 1,
          queries: [
            { expr: `sum by (instance, device) (${rate('procwarden_host_disk_io_time_seconds_total', HOST)})`, legend: '{{device}}' },
          ],
        }),
      },
      {
        width: 6,
        panel: timeSeries({
          title: 'File systems',
          description: 'Share in use of each file system, against the limits of DiskFull.',
          unit: 'percentunit',
          max: 1,
          queries: [
            { expr: `max by (instance, mountpoint) (procwarden:limit:value{signal="disk_used",${HOST}})`, legend: '{{mountpoint}}' },
            { expr: `min(procwarden:threshold:limit{signal="disk_used",${HOST}})`, legend: 'limit' },
          ],
          styles: [['/^limit$/', 'limit']],
        }),
      },
      {
        width: 6,
        panel: timeSeries({
          title: 'Network',
          description: 'Bytes per second received by each interface and, below zero, sent; the loopback is left out.',
          unit: 'Bps',
          min: 'any',
          queries: [
            {
              expr: `sum by (instance, device) (${rate('procwarden_host_network_receive_bytes_total', `${HOST},device!="lo"`)})`,
              legend: '{{device}} received',
            },
            {
              expr: `-sum by (instance, device) (${rate('procwarden_host_network_transmit_bytes_total', `${HOST},device!="lo"`)})`,
              legend: '{{device}} sent',
            },
          ],
        }),
      },
    ],
  }
}

export function machine(): Row {
  return {
    title: 'Machine',
    height: 7,
    panels: [
      {
        width: 6,
        panel: timeSeries({
          title: 'Temperature',
          description: 'Of the processor and of every other chip that has a sensor: why a fan is running.',
          unit: 'celsius',
          min: 'any',
          queries: [
            { expr: `max by (instance, chip, sensor) (procwarden_host_cpu_temperature_celsius{${HOST}})`, legend: '{{sensor}} ({{chip}})' },
          ],
          steps: [
            { value: null, color: 'text' },
            { value: 90, color: 'red' },
          ],
          noValue: 'no sensor can be read',
        }),
      },
      {
        width: 6,
        panel: timeSeries({
          title: 'Processor clock',
          description: 'The lowest, mean and highest clock of the processors.',
          unit: 'hertz',
          queries: [
            { expr: `max(procwarden_host_cpu_frequency_hertz{${HOST}})`, legend: 'highest' },
            { expr: `avg(procwarden_host_cpu_frequency_hertz{${HOST}})`, legend: 'mean' },
            { expr: `min(procwarden_host_cpu_frequency_hertz{${HOST}})`, legend: 'lowest' },
          ],
          noValue: 'the clock cannot be read',
        }),
      },
      {
        width: 6,
        panel: timeSeries({
          title: 'Connections',
          description: 'TCP sockets by state, IPv4 and IPv6 together.',
          unit: 'short',
          queries: [{ expr: `sum by (state) (procwarden_host_tcp_connections{${HOST}}) > 0`, legend: '{{state}}' }],
        }),
      },
      {
        width: 6,
        panel: timeSeries({
          title: 'New processes',
          description: 'Processes and threads created per second.',
          unit: 'suffix: per s',
          queries: [{ expr: `sum by (instance) (${rate('procwarden_host_forks_total', HOST)})`, legend: '{{instance}}' }],
          steps: STEPS.plain,
        }),
      },
    ],
  }
}
