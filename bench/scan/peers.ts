/** Owns which programs a scan is measured against, and the packages they come in. */
import { findPeer, type Peer, type PeerSource, type Say } from '../lib/peers.ts'

const PROCESS_EXPORTER: PeerSource = {
  name: 'prometheus-process-exporter',
  places: [],
  packages: ['prometheus-process-exporter'],
}
const APPS_PLUGIN: PeerSource = {
  name: 'apps.plugin',
  places: ['/usr/lib/netdata/plugins.d', '/usr/libexec/netdata/plugins.d', '/opt/netdata/usr/libexec/netdata/plugins.d'],
  // Its shared libraries are small, and unpacked beside it: they may not be on the system.
  packages: ['netdata-core', 'libuv1', 'libjson-c5', 'libcap2'],
}

export const findProcessExporter = (say: Say, signal: AbortSignal): Promise<Peer | undefined> => findPeer(PROCESS_EXPORTER, say, signal)
export const findAppsPlugin = (say: Say, signal: AbortSignal): Promise<Peer | undefined> => findPeer(APPS_PLUGIN, say, signal)
