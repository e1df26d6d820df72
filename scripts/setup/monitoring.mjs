/** Owns having Prometheus and Alertmanager at hand: decides where they come from. Never starts or configures them. */
import { mkdirSync, renameSync } from 'node:fs'
import path from 'node:path'
import { bundleDir, cacheDir, findTool, isUsable } from '../../src/stack/tools.mjs'
import { aptIsPresent, unpackFromApt } from './apt.mjs'
import { archiveOf, unpackArchive } from './archive.mjs'
import { inTempFolder } from './cache.mjs'
import { placeAlertmanager, placePrometheus } from './debian.mjs'
import { SetupError } from './run.mjs'

/** @typedef {import('./packages.mjs').SetupContext} SetupContext */
/** @typedef {import('../../src/stack/tools.mjs').ToolName} ToolName */
/**
 * @typedef {object} Bundle
 * @property {'prometheus' | 'alertmanager'} name
 * @property {string} title
 * @property {readonly ToolName[]} tools
 * @property {string} debianPackage
 * @property {(context: SetupContext, unpacked: string, target: string) => Promise<boolean>} placeDebian
 */

/** @type {readonly Bundle[]} */
const BUNDLES = [
  { name: 'prometheus', title: 'Prometheus', tools: ['prometheus', 'promtool'], debianPackage: 'prometheus', placeDebian: placePrometheus },
  {
    name: 'alertmanager',
    title: 'Alertmanager',
    tools: ['alertmanager', 'amtool'],
    debianPackage: 'prometheus-alertmanager',
    placeDebian: placeAlertmanager,
  },
]

/** What to do when set-up cannot get them. */
const WAY_OUT = `install Prometheus 2.42 and Alertmanager 0.25 or newer so that they are on PATH, or run everything in containers with 'docker compose up'`

/**
 * The bundles that are neither on PATH nor in the cache.
 * @param {NodeJS.ProcessEnv} env
 */
export function missingBundles(env) {
  return BUNDLES.filter((bundle) => bundle.tools.some((tool) => findTool(tool, env) === undefined))
}

/**
 * Fetches the bundles into the cache, from the distribution where it has them, else from the projects' releases. Throws
 * SetupError that names the cause and the way out.
 * @param {SetupContext} context
 * @param {readonly Bundle[]} bundles
 */
export async function installBundles(context, bundles) {
  const outcomes = []
  let missing = bundles
  if (aptIsPresent(context.env)) {
    outcomes.push(await installFromApt(context, bundles))
    missing = missingBundles(context.env)
  }
  for (const bundle of missing) outcomes.push(await installFromRelease(context, bundle))

  const left = missingBundles(context.env)
  if (left.length === 0) return
  const faults = outcomes.flatMap((outcome) => (outcome.ok ? [] : [outcome]))
  const causes = [...new Set(faults.map((fault) => fault.sentence))].join(', and ')
  throw new SetupError(`${titlesOf(left)} could not be fetched: ${causes}; ${WAY_OUT}`, faults.map((fault) => fault.output).join('\n'))
}

/** @typedef {{ ok: true } | { ok: false, sentence: string, output: string }} Outcome */

/**
 * @param {SetupContext} context
 * @param {readonly Bundle[]} bundles
 * @returns {Promise<Outcome>}
 */
function installFromApt(context, bundles) {
  return context.progress.step(`fetching ${titlesOf(bundles)} with apt-get into ${cacheDir(context.env)}`, () =>
    inTempFolder(context, async (folder) => {
      const packages = bundles.map((bundle) => bundle.debianPackage)
      /** @type {Bundle[]} */
      const unusable = []
      const unpacked = await unpackFromApt(context, folder, packages)
      if (!unpacked.ok) return { ok: false, sentence: 'apt-get could not download the packages', output: unpacked.output }
      for (const bundle of bundles) {
        const staging = path.join(folder, bundle.name)
        mkdirSync(staging)
        if (await bundle.placeDebian(context, path.join(folder, 'unpacked'), staging)) keep(context, folder, bundle, staging)
        else unusable.push(bundle)
      }
      if (unusable.length === 0) return { ok: true }
      return { ok: false, sentence: `this distribution's ${titlesOf(unusable)} is too old or does not run here`, output: '' }
    }),
  )
}

/**
 * @param {SetupContext} context
 * @param {Bundle} bundle
 * @returns {Promise<Outcome>}
 */
async function installFromRelease(context, bundle) {
  const archive = archiveOf(bundle.name, process.platform, process.arch)
  if (archive === undefined) {
    return {
      ok: false,
      sentence: `there is no release of ${bundle.title} with a known checksum for ${process.platform}-${process.arch}`,
      output: '',
    }
  }
  const { host } = new URL(archive.url)
  return context.progress.step(`fetching ${bundle.title} ${archive.version} from ${host} into ${cacheDir(context.env)}`, () =>
    inTempFolder(context, async (folder) => {
      const unpacked = await unpackArchive(context, archive, folder)
      if (!unpacked.ok) return unpacked
      const staging = path.join(folder, bundle.name)
      mkdirSync(staging)
      for (const tool of bundle.tools) renameSync(path.join(unpacked.folder, tool), path.join(staging, tool))
      if (!runs(bundle, staging)) return { ok: false, sentence: `the release of ${bundle.title} does not run here`, output: '' }
      keep(context, folder, bundle, staging)
      return { ok: true }
    }),
  )
}

/** @param {readonly Bundle[]} bundles */
function titlesOf(bundles) {
  return bundles.map((bundle) => bundle.title).join(' and ')
}

/**
 * @param {Bundle} bundle
 * @param {string} folder
 */
function runs(bundle, folder) {
  return bundle.tools.every((tool) => isUsable(tool, path.join(folder, tool)))
}

/**
 * Puts a finished bundle into the cache in one rename: whoever looks sees all of it or none.
 * @param {SetupContext} context
 * @param {string} folder on the cache's file system
 * @param {Bundle} bundle
 * @param {string} staging
 */
function keep(context, folder, bundle, staging) {
  const target = bundleDir(bundle.name, context.env)
  mkdirSync(path.dirname(target), { recursive: true })
  try {
    renameSync(staging, target)
  } catch {
    // rename(2) replaces no folder that has files: either another set-up was quicker, or it is one that does not run here.
    if (runs(bundle, target)) return
    renameSync(target, path.join(folder, `old-${bundle.name}`))
    renameSync(staging, target)
  }
}
