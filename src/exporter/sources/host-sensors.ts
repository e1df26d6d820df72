/** Owns temperatures and clocks of the machine, from sysfs (hwmon/sysfs-interface.rst, thermal/sysfs-api.rst). A sensor without an answer is absent. */
import { realpath } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { listNames, readInteger, readTextNow, readWord } from './host-read.ts'
import { parseCpuInfoClocks } from './host-parsers.ts'

export interface Temperature {
  /** The chip with the device it is on, such as `coretemp.0` or `k10temp_0000:00:18.3`. */
  readonly chip: string
  readonly sensor: string
  readonly celsius: number
}

const CHIPS_MAX = 100
const FILES_MAX = 1000
const CPUS_MAX = 4096

/** Every temperature of hwmon, and the thermal zones that hwmon does not show already. */
export async function readTemperatures(sysfsRoot: string): Promise<Temperature[]> {
  const chips = await readHwmon(join(sysfsRoot, 'class/hwmon'))
  const shown = new Set(chips.map(({ name }) => name))
  const zones = await readThermalZones(join(sysfsRoot, 'class/thermal'))
  return [...chips.flatMap(({ temperatures }) => temperatures), ...zones.filter(({ sensor }) => !shown.has(sensor))]
}

/** Hertz by the kernel's number of the CPU; from cpufreq, else from /proc/cpuinfo; empty where neither tells. */
export async function readCpuClocks(procfsRoot: string, sysfsRoot: string, cpus: readonly string[]): Promise<ReadonlyMap<string, number>> {
  const clocks = new Map<string, number>()
  const folder = join(sysfsRoot, 'devices/system/cpu')
  const measured = cpus.slice(0, CPUS_MAX)
  const kilohertz = await Promise.all(measured.map((cpu) => readInteger(join(folder, `cpu${cpu}`, 'cpufreq/scaling_cur_freq'))))
  // In the order of the CPUs, whichever file was read first.
  for (const [index, cpu] of measured.entries()) {
    const value = kilohertz[index]
    if (value !== undefined && value > 0) clocks.set(cpu, value * 1000)
  }
  return clocks.size > 0 ? clocks : parseCpuInfoClocks(readTextNow(join(procfsRoot, 'cpuinfo')) ?? '')
}

/** The chip's name alone is not unique, nor is the folder's number steady over boots: the device it is on is both. */
export function chipLabel(name: string, device: string | undefined): string {
  if (device === undefined) return name
  return device.startsWith(name) ? device : `${name}_${device}`
}

/** A label that two inputs of a chip share is told apart by the input's own name. */
export function sensorLabels(inputs: ReadonlyArray<{ readonly input: string; readonly label: string | undefined }>): string[] {
  const uses = new Map<string, number>()
  for (const { label } of inputs) if (label !== undefined) uses.set(label, (uses.get(label) ?? 0) + 1)
  return inputs.map(({ input, label }) => (label === undefined ? input : uses.get(label) === 1 ? label : `${label} (${input})`))
}

async function readHwmon(folder: string): Promise<Array<{ readonly name: string; readonly temperatures: readonly Temperature[] }>> {
  const entries = await listNames(folder, CHIPS_MAX)
  const chips = await Promise.all(entries.map((entry) => readChip(join(folder, entry), entry)))
  const seen = new Set<string>()
  return chips.map(({ name, label, temperatures }, index) => {
    const chip = seen.has(label) ? `${label}_${entries[index] ?? index}` : label
    seen.add(chip)
    return { name, temperatures: temperatures.map((each) => ({ ...each, chip })) }
  })
}

async function readChip(
  folder: string,
  entry: string,
): Promise<{ readonly name: string; readonly label: string; readonly temperatures: ReadonlyArray<Omit<Temperature, 'chip'>> }> {
  const name = (await readWord(join(folder, 'name'))) ?? entry
  const device = await realpath(join(folder, 'device')).catch(() => undefined)
  const inputs = (await listNames(folder, FILES_MAX)).flatMap((file) => /^(temp\d+)_input$/.exec(file)?.[1] ?? [])
  const read = await Promise.all(
    inputs.map(async (input) => ({
      input,
      label: await readWord(join(folder, `${input}_label`)),
      millidegrees: await readInteger(join(folder, `${input}_input`)),
    })),
  )
  const labels = sensorLabels(read)
  return {
    name,
    label: chipLabel(name, device === undefined ? undefined : basename(device)),
    temperatures: read.flatMap(({ input, millidegrees }, index) =>
      millidegrees === undefined ? [] : [{ sensor: labels[index] ?? input, celsius: millidegrees / 1000 }],
    ),
  }
}

async function readThermalZones(folder: string): Promise<Temperature[]> {
  const zones = (await listNames(folder, FILES_MAX)).filter((name) => /^thermal_zone\d+$/.test(name)).slice(0, CHIPS_MAX)
  const read = await Promise.all(
    zones.map(async (zone): Promise<Temperature[]> => {
      const [type, millidegrees] = await Promise.all([readWord(join(folder, zone, 'type')), readInteger(join(folder, zone, 'temp'))])
      return millidegrees === undefined ? [] : [{ chip: zone, sensor: type ?? 'temp', celsius: millidegrees / 1000 }]
    }),
  )
  return read.flat()
}
