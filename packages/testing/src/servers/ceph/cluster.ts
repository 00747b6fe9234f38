import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { folderOf } from '../server-process.ts'
import { inCeph } from './install.ts'

/** Where the cluster runs, and on which free ports of the loopback address. */
export type Place = { ceph: string; run: string; port: number; mon: number; monOld: number }

export type ClusterUser = { name: string; id: string; secret: string }

export type Cluster = {
  /** Another user, who owns nothing. */
  addUser(user: ClusterUser): void
  /** Ends it at once: it holds nothing that has to be kept. */
  kill(): Promise<void>
}

/** One monitor, one disk in memory and the S3 gateway; a second and a half until it answers. */
export async function startCluster(place: Place, user: ClusterUser): Promise<Cluster> {
  const { ceph, run, port } = place
  const configuration = join(run, 'ceph.conf')
  const id = randomUUID()
  for (const name of ['mon', 'osd0', 'rgw']) mkdirSync(join(run, name))
  writeFileSync(configuration, settings(place, id))
  const out = openSync(join(run, 'out.log'), 'a')
  const env = { ...process.env, CEPH_CONF: configuration }
  const daemons: { child: ChildProcess; ended: Promise<void> }[] = []

  function call(program: string, words: string[]): void {
    const [file, ...rest] = inCeph(ceph, program)
    execFileSync(file, [...rest, ...words], { env, stdio: ['ignore', out, out], timeout: 20_000 })
  }
  function begin(program: string, words: string[]): void {
    const [file, ...rest] = [...withoutOrphans(), ...inCeph(ceph, program), ...words, '-f']
    const child = spawn(file as string, rest, { env, stdio: ['ignore', out, out] })
    const ended = new Promise<void>((resolve) => {
      child.on('close', () => resolve())
      child.on('error', () => resolve())
    })
    daemons.push({ child, ended })
  }
  /** Until it is so; throws when a server has ended instead. */
  async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
    for (const begun = Date.now(); Date.now() - begun < 20_000; ) {
      if (await isSo()) return
      const dead = daemons.some(({ child }) => child.exitCode !== null || child.signalCode !== null)
      if (dead) break
      await new Promise((next) => setTimeout(next, 25))
    }
    throw new Error(`Ceph did not get so far that ${what}:\n${tailOf(join(run, 'out.log'))}`)
  }
  function addUser({ name, id, secret }: ClusterUser): void {
    const keys = [`--access-key=${id}`, `--secret-key=${secret}`]
    const words = ['user', 'create', `--uid=${name}`, `--display-name=${name}`, ...keys]
    call('radosgw-admin', ['-n', 'client.rgw.a', ...words])
  }
  async function kill(): Promise<void> {
    // A gateway that is asked politely waits for a monitor that is gone, and keeps its port.
    for (const { child } of daemons) child.kill('SIGKILL')
    await Promise.all(daemons.map(({ ended }) => ended))
  }

  try {
    const keys = join(run, 'keyring')
    const all = (...grants: string[]) => grants.flatMap((grant) => ['--cap', ...grant.split('=')])
    call('ceph-authtool', ['--create-keyring', keys])
    for (const [name, grants] of [
      ['mon.', all('mon=allow *')],
      ['osd.0', all('mon=allow profile osd', 'osd=allow *')],
      ['client.admin', all('mon=allow *', 'osd=allow *')],
      ['client.rgw.a', all('mon=allow rw', 'osd=allow rwx')],
    ] as const) {
      call('ceph-authtool', [keys, '--gen-key', '-n', name, ...grants])
    }
    const map = join(run, 'monmap')
    call('monmaptool', ['--create', '--clobber', '--fsid', id, '--addv', 'a', monitor(place), map])
    call('ceph-mon', ['-i', 'a', '--mkfs', '--monmap', map, '--keyring', keys])
    begin('ceph-mon', ['-i', 'a'])
    call('ceph-osd', ['-i', '0', '--mkfs', '--osd-uuid', randomUUID()])
    begin('ceph-osd', ['-i', '0'])
    // A gateway that comes before the disk waits for 5 s.
    await until('the disk is up', () =>
      tailOf(join(run, 'osd.0.log')).includes('booting -> active'),
    )
    begin('radosgw', ['-n', 'client.rgw.a'])
    await until('the gateway answers', () => answers(port))
    addUser(user)
    return { kill, addUser }
  } catch (error) {
    await kill()
    throw error
  } finally {
    closeSync(out)
  }
}

/** Where the kernel can, the servers end with whoever began them, even if that is killed. */
function withoutOrphans(): string[] {
  return folderOf('setpriv') === undefined ? [] : ['setpriv', '--pdeathsig', 'KILL', '--']
}

async function answers(port: number): Promise<boolean> {
  try {
    await fetch(`http://127.0.0.1:${port}/`, { signal: AbortSignal.timeout(1000) })
    return true
  } catch {
    return false
  }
}

function tailOf(file: string): string {
  try {
    return readFileSync(file, 'utf8').slice(-100_000)
  } catch {
    return '' // not begun yet
  }
}

const monitor = ({ mon, monOld }: Place) => `[v2:127.0.0.1:${mon},v1:127.0.0.1:${monOld}]`

/**
 * What takes the time out of a start are the intervals of the monitor: with its defaults it takes 16 s. And a list takes
 * 49 ms instead of 4 without `tcp_nodelay`.
 */
function settings(place: Place, id: string): string {
  const { ceph, run, port } = place
  const libraries = join(ceph, 'usr/lib/x86_64-linux-gnu')
  return `[global]
fsid=${id}
mon_host=${monitor(place)}
public_addr=127.0.0.1
cluster_addr=127.0.0.1
osd_pool_default_size=1
osd_pool_default_min_size=1
osd_pool_default_pg_num=4
osd_pool_default_pgp_num=4
osd_pool_default_pg_autoscale_mode=off
osd_crush_chooseleaf_type=0
mon_allow_pool_size_one=true
mon_max_pg_per_osd=2000
mon_data_avail_warn=2
mon_data_avail_crit=1
paxos_propose_interval=0.05
paxos_min_wait=0.01
mon_client_hunt_interval=0.2
mon_cluster_log_to_file=false
run_dir=${run}
admin_socket=${run}/$name.$pid.asok
log_file=${run}/$name.log
pid_file=${run}/$name.pid
plugin_dir=${libraries}/ceph
erasure_code_dir=${libraries}/ceph/erasure-code
osd_class_dir=${libraries}/rados-classes
keyring=${run}/keyring
[mon]
mon_data=${run}/mon
mon_initial_members=a
[osd]
osd_data=${run}/osd0
osd_objectstore=memstore
memstore_device_bytes=1073741824
osd_class_load_list=*
osd_class_default_list=*
[client.rgw.a]
rgw_frontends=beast endpoint=127.0.0.1:${port} tcp_nodelay=1
rgw_data=${run}/rgw
rgw_dynamic_resharding=false
rgw_run_sync_thread=false
`
}
