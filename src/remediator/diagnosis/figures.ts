/**
 * Owns the figures by which diagnoses judge, all of them, by name. They tell kinds of misbehaviour apart once an alert has fired;
 * whether anything is wrong at all is decided by the rules of Prometheus, whose thresholds are elsewhere.
 */
export const FIGURES = {
  /** A margin of this much over each required condition is what high confidence takes. */
  sureMargin: 1.5,
  /** How far back is looked, and at what step; the last minutes more closely. */
  pastSeconds: 3_600,
  pastStepSeconds: 15,
  recentSeconds: 300,
  recentStepSeconds: 5,

  infiniteLoop: { cores: 0.25, unevenness: 0.4, operationsPerSecond: 10, spanSeconds: 60, rateStepSeconds: 20, windowSeconds: 600 },
  writeLoop: { files: 100, duplicateShare: 0.5, memoryGainBytes: 64e6, memoryGainRatio: 1.5, folders: 3 },
  leak: {
    windowsSeconds: [3_600, 1_800, 900, 600, 300],
    parts: 6,
    /** A program that loads something rises evenly, too, for a minute or three. */
    spanSeconds: 200,
    straightness: 0.85,
    gainBytes: 5e6,
    gainRatio: 1.1,
    /** Share of all that was gained which the steepest tenth of the time brought. */
    jumpShare: 0.4,
    /** The slope of the last third by that of the whole: what fills up to an end slows down. */
    steadiness: 0.6,
    /** A program that has just begun takes what it needs. */
    warmUpSeconds: 30,
  },
  allocation: { gainBytes: 200e6, windowSeconds: 900, burstSeconds: 90, burstShare: 0.7 },
  kept: { spanSeconds: 1_800, aboveBytes: 200e6, aboveRatio: 1.5, idleCores: 0.05, unevenness: 0.05 },
  descriptors: { gain: 20, straightness: 0.85, spanSeconds: 120, limitRatio: 0.8 },
  threads: { gain: 100, ratio: 3, windowSeconds: 900 },
  brood: { processes: 25, startsPerSecond: 1, windowSeconds: 300 },
  crashes: { times: 3, windowSeconds: 600, failedShare: 0.5 },
  thrash: { operationsPerSecond: 50, bytesPerSecond: 1e6, spanSeconds: 60, share: 0.5, waiting: 0.1, diskBusy: 0.5 },
  blocked: { share: 0.5, samples: 4, cores: 0.2, waiting: 0.1 },
  zombies: { count: 1, share: 0.9, spanSeconds: 180 },
  longRun: { times: 2, runs: 3 },
  slow: { times: 2, seconds: 0.05, recentSeconds: 90, samplesBefore: 5, hostCpu: 0.8, hostCpuRise: 0.3 },
  saturation: { share: 0.9, groupShare: 0.5, groups: 3 },
} as const
