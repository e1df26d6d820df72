/** Owns fetching a project's release archive: pinned by SHA-256, verified before anything is unpacked. */
import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { run } from './run.mjs'

/** @typedef {import('./packages.mjs').SetupContext} SetupContext */
/** @typedef {{ version: string, url: string, sha256: string, name: string }} Archive */

const DOWNLOAD_TIMEOUT_MS = 10 * 60_000
const UNPACK_TIMEOUT_MS = 2 * 60_000

/**
 * Checksums of the projects' own sha256sums.txt. A platform is listed only when independent publishers pin the same value.
 * @type {Readonly<Record<'prometheus' | 'alertmanager', { version: string, sha256: Readonly<Record<string, string>> }>>}
 */
const RELEASES = {
  prometheus: {
    version: '3.5.0',
    sha256: {
      'linux-amd64': 'e811827af26d822afb09a4f28314f61b618b12cff5369835a67f674d8b46f39a',
      'linux-arm64': '173389cc42bf09c4e6e54cb53fa07a5a835d7c261e14775d2183181d6e385d1c',
    },
  },
  alertmanager: {
    version: '0.28.1',
    sha256: {
      'linux-amd64': '5ac7ab5e4b8ee5ce4d8fb0988f9cb275efcc3f181b4b408179fafee121693311',
      'linux-arm64': 'd8832540e5b9f613d2fd759e31d603173b9c61cc7bb5e3bc7ae2f12038b1ce4f',
    },
  },
}

/**
 * The pinned release for a platform in Node's words, or undefined.
 * @param {'prometheus' | 'alertmanager'} project
 * @param {string} platform
 * @param {string} arch
 * @returns {Archive | undefined}
 */
export function archiveOf(project, platform, arch) {
  const { version, sha256 } = RELEASES[project]
  const target = `${platform}-${arch === 'x64' ? 'amd64' : arch}`
  const checksum = sha256[target]
  if (checksum === undefined) return undefined
  const name = `${project}-${version}.${target}`
  return { version, name, sha256: checksum, url: `https://github.com/prometheus/${project}/releases/download/v${version}/${name}.tar.gz` }
}

/**
 * Downloads, verifies and unpacks; `folder` of the result holds the programs.
 * @param {Pick<SetupContext, 'env' | 'signal'>} context
 * @param {Archive} archive
 * @param {string} folder
 * @returns {Promise<{ ok: true, folder: string } | { ok: false, sentence: string, output: string }>}
 */
export async function unpackArchive({ env, signal }, archive, folder) {
  const file = path.join(folder, 'archive.tar.gz')
  const host = new URL(archive.url).host
  try {
    await download(archive.url, file, signal)
  } catch (error) {
    signal.throwIfAborted()
    return { ok: false, sentence: `${host} could not be reached`, output: `${archive.url}: ${reasonOf(error)}` }
  }
  const checksum = await sha256Of(file)
  if (checksum !== archive.sha256) {
    return {
      ok: false,
      sentence: `what ${host} sent is not the release that was pinned`,
      output: `${archive.url}: expected SHA-256 ${archive.sha256}, received ${checksum}`,
    }
  }
  const unpacked = path.join(folder, 'unpacked')
  await mkdir(unpacked)
  const result = await run('tar', ['-xzf', file, '-C', unpacked], { env, signal, timeoutMs: UNPACK_TIMEOUT_MS })
  if (!result.ok) return { ok: false, sentence: 'tar could not unpack the release', output: result.output }
  return { ok: true, folder: path.join(unpacked, archive.name) }
}

/**
 * @param {string} url
 * @param {string} file
 * @param {AbortSignal} signal
 */
async function download(url, file, signal) {
  const deadline = new AbortController()
  const giveUp = () => deadline.abort(new Error(`no end after ${DOWNLOAD_TIMEOUT_MS / 1000} s`))
  const timer = setTimeout(giveUp, DOWNLOAD_TIMEOUT_MS)
  signal.addEventListener('abort', giveUp)
  try {
    const response = await fetch(url, { signal: deadline.signal })
    if (!response.ok || response.body === null) throw new Error(`answered with ${response.status}`)
    await pipeline(Readable.fromWeb(response.body), createWriteStream(file))
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', giveUp)
  }
}

/** @param {string} file */
async function sha256Of(file) {
  const hash = createHash('sha256')
  await pipeline(createReadStream(file), hash)
  return hash.digest('hex')
}

/** @param {unknown} error fetch hides the reason in the cause */
function reasonOf(error) {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message
}
