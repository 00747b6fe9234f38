import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ClusterUser, startCluster } from './ceph/cluster.ts'
import { hasCeph, installCeph, noCeph } from './ceph/install.ts'
import { freePort } from './server-process.ts'

/** A running store that speaks S3, with the keys of a user who may do everything. */
export type S3Server = {
  endpoint: string
  port: number
  region: string
  accessKeyId: string
  secretAccessKey: string
  /** Another user, who may do nothing until a bucket's policy allows it. */
  addUser(): { accessKeyId: string; secretAccessKey: string; arn: string }
  /** The folder of its logs, until it stops. */
  folder: string
  stop(): Promise<void>
}

/** Whether the server lies here already. Where it does not, tests say loudly what they skip. */
export const hasS3: () => boolean = hasCeph

/** Why it cannot be fetched here, in a few words; undefined when it can. */
export const noS3: () => string | undefined = noCeph

/** Fetches the server for `startS3`, once for this user: 120 MB, a quarter of a minute. The folder it lies in. */
export const installS3: () => Promise<string> = installCeph

/**
 * A real S3 with Object Lock, on a free loopback port: Ceph's gateway with its data in memory. Needs neither root nor
 * Docker. Fetches the server where it is not here yet. `stop` leaves nothing behind.
 */
export async function startS3(): Promise<S3Server> {
  const ceph = await installCeph()
  for (let attempt = 1; ; attempt += 1) {
    const run = mkdtempSync(join(tmpdir(), 'lelu-s3-'))
    const user = newUser()
    const [port, mon, monOld] = [await freePort(), await freePort(), await freePort()]
    const remove = () => rmSync(run, { recursive: true, force: true })
    try {
      const cluster = await startCluster({ ceph, run, port, mon, monOld }, user)
      return {
        endpoint: `http://127.0.0.1:${port}`,
        port,
        region: 'us-east-1',
        accessKeyId: user.id,
        secretAccessKey: user.secret,
        folder: run,
        addUser() {
          const { name, id, secret } = newUser()
          cluster.addUser({ name, id, secret })
          return { accessKeyId: id, secretAccessKey: secret, arn: `arn:aws:iam:::user/${name}` }
        },
        async stop() {
          await cluster.kill()
          remove()
        },
      }
    } catch (error) {
      remove()
      // Somebody else may have taken a port that was free a moment ago.
      if (attempt === 3) throw error
    }
  }
}

function newUser(): ClusterUser {
  const name = `lelu${randomBytes(6).toString('hex')}`
  return { name, id: name, secret: randomBytes(20).toString('hex') }
}
