/** Owns which misbehaving programs there are besides the file storm: what each does, how it is bounded, and what should be seen. */

export interface Scenario {
  readonly name: string
  /** In the help. */
  readonly description: string
  /** Completes "A program ..."; the flags are filled in by name. */
  readonly does: string
  readonly seen: string
  /** What has to be set up for it to be seen; the flags are filled in by name. */
  readonly needs?: string
  /** Names it goes by as well. */
  readonly aliases?: readonly string[]
  readonly flags: readonly ScenarioFlag[]
}

interface ScenarioFlag {
  readonly name: 'seconds' | 'max' | 'rate' | 'quiet' | 'port' | 'delay'
  readonly description: string
  readonly default: number
  /** No demonstration is to take the machine down. */
  readonly max: number
}

const seconds = (ends: number): ScenarioFlag => ({ name: 'seconds', description: 'end after so many seconds', default: ends, max: 86_400 })

export const SCENARIOS: readonly Scenario[] = [
  {
    name: 'cpu-spin',
    description: 'compute nothing on one core',
    does: 'keeps one core busy for {seconds} s',
    seen: 'CpuAboveBaseline after about 5 minutes, InfiniteLoop after about 10.',
    flags: [seconds(900)],
  },
  {
    name: 'memory-leak',
    description: 'never free what is allocated',
    does: 'keeps {rate} MB more each minute, at most {max} MB, for {seconds} s',
    seen: 'MemoryLeakFast within about 6 minutes.',
    flags: [
      { name: 'rate', description: 'megabytes a minute', default: 60, max: 10_000 },
      { name: 'max', description: 'keep at most so many megabytes', default: 1024, max: 100_000 },
      seconds(900),
    ],
  },
  {
    name: 'sudden-allocation',
    description: 'take much memory at once',
    does: 'takes {max} MB at once after {quiet} quiet seconds and keeps it, for {seconds} s',
    seen: 'SuddenAllocation within a minute or two of it.',
    flags: [
      { name: 'max', description: 'megabytes', default: 700, max: 100_000 },
      { name: 'quiet', description: 'seconds before it', default: 90, max: 3600 },
      seconds(600),
    ],
  },
  {
    name: 'fd-leak',
    description: 'open files and never close them',
    does: 'opens {rate} files a minute and closes none, at most {max}, for {seconds} s',
    seen: 'DescriptorLeak after about 25 minutes, DescriptorsNearLimit where the limit of open files is low.',
    flags: [
      { name: 'rate', description: 'files a minute', default: 60, max: 100_000 },
      { name: 'max', description: 'open at most so many files', default: 2000, max: 1_000_000 },
      seconds(2400),
    ],
  },
  {
    name: 'thread-explosion',
    description: 'start hundreds of threads at once',
    does: 'starts {max} threads after {quiet} quiet seconds, and ends after {seconds} s',
    seen: 'ThreadExplosion a minute or two after the threads.',
    flags: [
      { name: 'max', description: 'how many threads, at most 1024', default: 300, max: 1024 },
      { name: 'quiet', description: 'seconds before it', default: 150, max: 3600 },
      seconds(600),
    ],
  },
  {
    name: 'fork-bomb',
    description: 'children that start children',
    does: 'has up to {max} descendants within seconds, each ending by itself after {seconds} s',
    seen: 'ForkBomb within seconds; in mode auto the whole tree ends.',
    flags: [{ name: 'max', description: 'how many descendants, at most 200', default: 80, max: 200 }, seconds(120)],
  },
  {
    name: 'zombie-parent',
    aliases: ['zombies'],
    description: 'never ask what became of the children',
    does: 'leaves {max} zombies for {seconds} s',
    seen: 'ZombieProcesses after about 6 minutes.',
    flags: [{ name: 'max', description: 'how many zombies, at most 200', default: 20, max: 200 }, seconds(600)],
  },
  {
    name: 'crash-loop',
    description: 'crash, be started again, crash again',
    does: 'crashes {rate} times a minute, at most {max} times, for at most {seconds} s',
    seen: 'RapidCrashes within a minute or two.',
    flags: [
      { name: 'rate', description: 'crashes a minute', default: 20, max: 60 },
      { name: 'max', description: 'how many crashes', default: 60, max: 10_000 },
      seconds(300),
    ],
  },
  {
    name: 'disk-thrash',
    description: 'write the same file over and over',
    does: 'writes one file of {max} MB again and again and waits for the disk each time, for {seconds} s',
    seen: 'DiskThrash after about 10 minutes where the disk is the bottleneck, WritesAboveBaseline elsewhere.',
    flags: [{ name: 'max', description: 'megabytes of the file', default: 64, max: 10_000 }, seconds(900)],
  },
  {
    name: 'slow-endpoint',
    description: 'an HTTP server that becomes slow without computing anything',
    does: 'answers at http://127.0.0.1:{port}/ at once for {quiet} s, then only after {delay} ms, and ends after {seconds} s',
    seen: 'ProbeLatencyUnusual a minute or two after it has become slow.',
    needs:
      "the exporter has to ask it. In its configuration: probes: [{name: demo, url: 'http://127.0.0.1:{port}/'}], and procwarden up --config.exporter FILE",
    flags: [
      { name: 'port', description: 'where it listens, on 127.0.0.1', default: 9990, max: 65_535 },
      {
        name: 'quiet',
        description: 'seconds before it becomes slow; a quarter of an hour is needed to know what is normal',
        default: 960,
        max: 86_400,
      },
      { name: 'delay', description: 'milliseconds it takes then', default: 800, max: 60_000 },
      seconds(1800),
    ],
  },
  {
    name: 'long-runner',
    description: 'a job that comes and goes, and then does not end',
    does: 'starts a job (long-runner-job) that takes {quiet} s, {max} times, and then once more without its coming to an end, for {seconds} s in all',
    seen: 'RunningLongerThanUsual when the last run is longer than 10 minutes and three times as long as the others.',
    flags: [
      { name: 'quiet', description: 'seconds that a run usually takes, and between two runs', default: 75, max: 3600 },
      { name: 'max', description: 'how many usual runs', default: 4, max: 100 },
      seconds(2400),
    ],
  },
]
