import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { homedir, userInfo } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { folderOf } from '../server-process.ts'

const run = promisify(execFile)

/** The first one whose conditional writes and checksums are those of S3: 18 knows neither. */
const oldest = 20.2
const programs = ['radosgw', 'ceph-mon', 'ceph-osd', 'ceph-common']
const needed =
  /^(?:lib|zlib1g$|radosgw$|ceph-(?:base|common|mon|osd)$)(?!perl|python|systemd-shared|pam-|lvm2|devmapper|parted|cryptsetup|nvme)/
/** Of no use to the servers, and most of the bytes. */
const unwanted = ['usr/share', 'usr/include', 'usr/lib/systemd', 'etc']

/** Where the unpacked servers are kept between runs. */
export function cephFolder(): string {
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache')
  return join(cache, 'lelu', 'ceph-rgw-20')
}

export const hasCeph = (): boolean => existsSync(join(cephFolder(), 'usr/bin/radosgw'))

/** Why the servers cannot be fetched here; undefined when they can. */
export function noCeph(): string | undefined {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    return `they are fetched for Linux on x86_64, and this is ${process.platform} on ${process.arch}`
  }
  const missing = ['apt-get', 'dpkg', 'dpkg-deb', 'tar'].filter(
    (name) => folderOf(name) === undefined,
  )
  return missing.length === 0 ? undefined : `${missing.join(', ')} not found`
}

/**
 * Fetches Ceph's S3 server from Debian and unpacks it into a folder of this user: 120 MB to load, 400 MB on disk.
 * Nothing is installed, and nobody has to be root. Once for all processes of the user.
 */
export async function installCeph(): Promise<string> {
  const folder = cephFolder()
  if (hasCeph()) return folder
  const why = noCeph()
  if (why !== undefined) throw new Error(`Ceph's servers cannot be fetched: ${why}.`)
  await mkdir(dirname(folder), { recursive: true })
  const lock = await lockFor(`lelu-ceph-${userInfo().uid}`)
  try {
    if (hasCeph()) return folder
    const work = await mkdtemp(`${folder}-`)
    try {
      const root = join(work, 'root')
      await unpack(await download(work), root)
      await assertVersion(root)
      // There it is whole or not at all.
      await rename(root, folder)
    } finally {
      await rm(work, { recursive: true, force: true })
    }
    return folder
  } finally {
    lock.close()
  }
}

/** A name without a file: the kernel frees it when the process dies, however it dies. */
async function lockFor(name: string): Promise<Server> {
  for (;;) {
    const server = createServer()
    const got = await new Promise<boolean>((resolve, reject) => {
      server.once('error', (error: NodeJS.ErrnoException) =>
        error.code === 'EADDRINUSE' ? resolve(false) : reject(error),
      )
      server.listen(`\0${name}`, () => resolve(true))
    })
    if (got) return server
    await new Promise((next) => setTimeout(next, 250))
  }
}

async function output(program: string, words: string[], cwd?: string): Promise<string> {
  const options = { encoding: 'utf8', maxBuffer: 64 << 20, cwd } as const
  return (await run(program, words, options)).stdout
}

/** By an apt with folders of its own: that of the machine is neither asked nor changed. */
async function download(work: string): Promise<string> {
  const [apt, packages] = [join(work, 'apt'), join(work, 'debs')]
  for (const made of ['lists/partial', 'cache/archives/partial']) {
    await mkdir(join(apt, made), { recursive: true })
  }
  await mkdir(packages)
  await writeFile(join(apt, 'status'), '')
  await writeFile(join(apt, 'sources.list'), await source())
  const options = [
    `Dir::Etc::sourcelist=${apt}/sources.list`,
    'Dir::Etc::sourceparts=/dev/null',
    `Dir::State::lists=${apt}/lists`,
    `Dir::Cache=${apt}/cache`,
    `Dir::State::status=${apt}/status`,
    'APT::Install-Recommends=false',
    `APT::Sandbox::User=${userInfo().username}`,
    'Debug::NoLocking=1',
  ].flatMap((option) => ['-o', option])
  const aptGet = (words: string[]) => output('apt-get', [...options, '-qq', ...words], packages)
  await aptGet(['update'])
  const plan = await aptGet(['--simulate', 'install', ...programs])
  const names = [...plan.matchAll(/^Inst (\S+)/gm)].map((match) => match[1] as string)
  await aptGet(['download', ...names.filter((name) => needed.test(name))])
  return packages
}

/** Debian's testing release from the mirror that this machine uses, with the keys that it trusts. */
async function source(): Promise<string> {
  const format = ['--format', '$(REPO_URI)', 'Created-By: Packages']
  const mirrors = (await output('apt-get', ['indextargets', ...format])).split('\n')
  const mirror = mirrors.find((uri) => uri.includes('debian') && !uri.includes('security'))
  if (mirror === undefined) throw new Error('apt knows no mirror of Debian')
  const files = (await output('dpkg', ['-L', 'debian-archive-keyring'])).split('\n')
  const keys = files.find((file) => /\/debian-archive-keyring\.(?:gpg|pgp)$/.test(file))
  return `deb [signed-by=${keys}] ${mirror} forky main\n`
}

async function unpack(packages: string, root: string): Promise<void> {
  for (const name of ['bin', 'sbin', 'lib', 'lib64']) {
    await mkdir(join(root, 'usr', name), { recursive: true })
    await symlink(`usr/${name}`, join(root, name))
  }
  const script = 'dpkg-deb --fsys-tarfile "$1" | tar -x --keep-directory-symlink -C "$2"'
  for (const name of await readdir(packages)) {
    await run('bash', ['-o', 'pipefail', '-c', script, 'unpack', join(packages, name), root])
  }
  const libraries = (await readdir(join(root, 'usr/lib'))).map((name) => `usr/lib/${name}`)
  const python = libraries.filter((path) => path.startsWith('usr/lib/python'))
  for (const path of [...unwanted, ...python]) {
    await rm(join(root, path), { recursive: true, force: true })
  }
}

/** The words that run a program of the unpacked folder with that folder's own libraries. */
export function inCeph(folder: string, program: string): [string, ...string[]] {
  const libraries = join(folder, 'usr/lib/x86_64-linux-gnu')
  const path = `${libraries}:${join(libraries, 'ceph')}`
  const loader = join(libraries, 'ld-linux-x86-64.so.2')
  return [loader, '--library-path', path, join(folder, 'usr/bin', program)]
}

async function assertVersion(folder: string): Promise<void> {
  const [program, ...words] = inCeph(folder, 'radosgw')
  const said = await output(program, [...words, '--version'])
  const version = Number.parseFloat(/ceph version (\d+\.\d+)/.exec(said)?.[1] ?? '0')
  if (!(version >= oldest)) throw new Error(`Ceph ${oldest} or newer is needed, not: ${said}`)
}
