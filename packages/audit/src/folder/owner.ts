import { execFileSync } from 'node:child_process'
import { hash } from 'node:crypto'
import { readFileSync, readlinkSync } from 'node:fs'
import { bootId, readBootId } from '../record/clock.ts'

/**
 * The process that writes a stream. `started` and `boot` tell it from a later process with the same number; `machine`
 * (a digest) and `namespace` tell whether a process number means anything here.
 */
export type Owner = {
  pid: number
  started: string | null
  boot: string | null
  machine: string | null
  namespace: string | null
}

/** `unknown`: on another machine or in another container, or the note about it cannot be read. Never touched. */
export type OwnerState = 'alive' | 'dead' | 'unknown'

function read(path: string): string | null {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch {
    return null
  }
}

function machineDigest(): string | null {
  const id = read('/etc/machine-id')
  return id ? hash('sha256', `lelu.machine.v1\n${id}`, 'base64url').slice(0, 22) : null
}

function namespaceOf(): string | null {
  try {
    return readlinkSync('/proc/self/ns/pid')
  } catch {
    return null
  }
}

const ended = 'ended'

/** When a process began, in whatever form the system tells it; null when it cannot be told. */
function startedAt(pid: number): string | null {
  if (process.platform === 'linux') {
    // The name in the second field may hold spaces and brackets. Field 3 is the state, field 22 the start.
    const text = read(`/proc/${pid}/stat`)
    const fields = text?.slice(text.lastIndexOf(')') + 2).split(' ')
    // A process that nobody has waited for yet is still listed, but writes no more.
    return fields?.[0] === 'Z' || fields?.[0] === 'X' ? ended : (fields?.[19] ?? null)
  }
  if (process.platform === 'win32') return null
  try {
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim()
  } catch {
    return null
  }
}

let self: Owner | undefined

export function thisProcess(): Owner {
  self ??= {
    pid: process.pid,
    started: startedAt(process.pid),
    boot: readBootId() === undefined ? null : bootId,
    machine: machineDigest(),
    namespace: namespaceOf(),
  }
  return self
}

/** The note of an owner, or undefined when it is none. */
export function parseOwner(text: string): Owner | undefined {
  try {
    const owner = JSON.parse(text) as Owner
    return Number.isSafeInteger(owner.pid) && owner.pid > 0 ? owner : undefined
  } catch {
    return undefined
  }
}

/** Whether the process still runs. `unknown` wherever a wrong `dead` could cut a stream that is being written. */
export function stateOf(owner: Owner | undefined, here: Owner = thisProcess()): OwnerState {
  if (owner === undefined || owner.machine !== here.machine) return 'unknown'
  if (owner.boot !== here.boot) {
    // Another boot of this machine ended all processes of that one; without a machine id it may be another machine.
    return here.machine !== null && owner.boot !== null ? 'dead' : 'unknown'
  }
  if (owner.namespace !== here.namespace) return 'unknown'
  const started = startedAt(owner.pid)
  if (started === ended) return 'dead'
  if (owner.started === null || started === null) return exists(owner.pid) ? 'alive' : 'dead'
  return started === owner.started ? 'alive' : 'dead' // a reused process number began at another time
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
