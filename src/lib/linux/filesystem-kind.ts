/** Owns telling file systems apart by what statfs(2) calls them. */
import { statfsSync } from 'node:fs'

/** linux/magic.h, and where they are not in it the sources of cifs, fuse, 9p, ceph, afs, coda, lustre, ocfs2 and gfs2. */
const NETWORK = new Set([
  0x6969, 0xff53_4d42, 0xfe53_4d42, 0x517b, 0x564c, 0x6573_5546, 0x0102_1997, 0x00c3_6400, 0x5346_414f, 0x7375_7245, 0x0bd0_0bd0,
  0x7461_636f, 0x0116_1970,
])

/** Whether files on it may be made by other machines, of which the kernel tells nothing. Throws where `path` cannot be asked about. */
export function isNetworkFilesystem(path: string): boolean {
  // f_type is a signed word on some architectures.
  return process.platform === 'linux' && NETWORK.has(statfsSync(path).type >>> 0)
}
