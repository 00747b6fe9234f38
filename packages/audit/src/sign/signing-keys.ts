import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { CheckpointSigner } from '../tlog/checkpoint.ts'
import { formatVkey, keyId, parseVkey, rawPublicKey, type VerifierKey } from '../tlog/keys.ts'
export interface SigningKeys {
  signers(): Promise<CheckpointSigner[]>
  verifiers(origin: string): VerifierKey[]
  publicFiles(): { name: string; text: string }[]
}
export async function openSigningKeys({
  folder,
  log,
}: {
  folder: string
  log: string
}): Promise<SigningKeys> {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const f = join(folder, 'k.pem')
  if (!existsSync(f))
    writeFileSync(
      f,
      generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }),
    )
  const privateKey = createPrivateKey(readFileSync(f))
  const raw = rawPublicKey(createPublicKey(privateKey))
  return {
    signers: async () => [{ name: log, privateKey }],
    verifiers: (o) => [parseVkey(formatVkey(o, 1, raw))],
    publicFiles: () => [
      { name: keyId(log, 4, raw).toString('hex'), text: `${formatVkey(log, 4, raw)}\n` },
    ],
  }
}
