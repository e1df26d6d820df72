/** Owns telling the systemd unit and the container of a process from /proc/PID/cgroup (cgroups(7)), of version 1 and 2. Never reads. */

export interface Placement {
  /** The innermost service, scope or slice-less unit that systemd manages, such as `nginx.service`. */
  readonly unit?: string | undefined
  /** The first 12 characters of the container's id, as `docker ps` and `crictl ps` show it; an LXC or nspawn container's name. */
  readonly container?: string | undefined
}

const UNIT = /^[\w@:.\\-]{1,255}\.(?:service|scope|socket|mount|swap)$/
/** A container runtime's name stands before the id in the scopes that systemd keeps for it. */
const CONTAINER_SCOPE = /^(?:docker|cri-containerd|crio|libpod|containerd|nerdctl|podman|buildah)(?:-conmon)?-([0-9a-f]{64})\.scope$/
const CONTAINER_ID = /^[0-9a-f]{64}$/
/** Kubernetes with the cgroupfs driver, containerd's own and older runtimes: the id is a folder of its own, perhaps prefixed. */
const PREFIXED_ID = /^(?:cri-containerd|crio|docker|libpod)[-:]([0-9a-f]{64})$|:cri-containerd:([0-9a-f]{64})$/
/** Amazon ECS on Fargate: the task's id and a number. */
const FARGATE_ID = /^([0-9a-f]{32})-\d+$/
/** systemd-nspawn as a service of systemd's own, one for each container. */
const NSPAWN_SERVICE = /^systemd-nspawn@([\w.-]{1,64})\.service$/
const NAMED = /^(?:lxc\.payload\.|lxc\.monitor\.)?([\w.-]{1,64})$/
const ID_LENGTH_SHOWN = 12

/** Absent where the process is in none, or where our own cgroup namespace hides it. */
export function parseCgroup(text: string): Placement {
  const paths = pathsOf(text)
  const container = first(paths, containerIn)
  const unit = first(paths, unitIn)
  return { ...(unit === undefined ? {} : { unit }), ...(container === undefined ? {} : { container }) }
}

/** The unified hierarchy and systemd's own first: others may be laid out by anybody. A folder's name may hold a colon. */
function pathsOf(text: string): string[][] {
  const lines = text.split('\n').flatMap((line) => {
    const match = /^(\d+):([^:]*):(\/.*)$/.exec(line)
    if (match === null) return []
    const rank = match[2] === '' ? 0 : match[2] === 'name=systemd' ? 1 : 2
    return [{ rank, parts: (match[3] ?? '').split('/').filter((part) => part !== '') }]
  })
  return lines.toSorted((a, b) => a.rank - b.rank).map(({ parts }) => parts)
}

function first(paths: readonly string[][], find: (parts: readonly string[]) => string | undefined): string | undefined {
  for (const parts of paths) {
    const found = find(parts)
    if (found !== undefined) return found
  }
  return undefined
}

function containerIn(parts: readonly string[]): string | undefined {
  for (const [index, part] of [...parts.entries()].toReversed()) {
    const id = CONTAINER_SCOPE.exec(part)?.[1] ?? prefixedId(part) ?? (CONTAINER_ID.test(part) ? part : undefined)
    if (id !== undefined) return id.slice(0, ID_LENGTH_SHOWN)
    const named = (parts[0] === 'ecs' && FARGATE_ID.exec(part)?.[1]?.slice(0, ID_LENGTH_SHOWN)) || NSPAWN_SERVICE.exec(part)?.[1]
    if (named !== undefined) return named
    if (
      part.startsWith('lxc.payload.') ||
      parts[index - 1] === 'lxc' ||
      (parts[index - 1] === 'machine.slice' && part.startsWith('machine-'))
    )
      return NAMED.exec(part.replace(/^machine-(?:qemu\\x2d\d+\\x2d)?|\.scope$/g, ''))?.[1]
  }
  return undefined
}

function prefixedId(part: string): string | undefined {
  const match = PREFIXED_ID.exec(part)
  return match?.[1] ?? match?.[2]
}

/** A user's own manager is a unit as well (`user@1000.service`); what runs below it is a unit of that. */
function unitIn(parts: readonly string[]): string | undefined {
  return parts.findLast((part) => UNIT.test(part))
}
