import { spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { AuditRecord } from '../../src/index.ts'
import { readRecords } from '../../src/reading.ts'

/** All records of a log, in the order they are read. */
export async function readAll(directory: string): Promise<AuditRecord[]> {
  const records: AuditRecord[] = []
  for await (const { record } of readRecords({ directory })) records.push(record)
  return records
}

/** Every file below a folder. */
export function filesOf(directory: string): { path: string; bytes: Buffer }[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
    .map((path) => ({ path, bytes: readFileSync(path) }))
}

const eraser = fileURLToPath(new URL('./eraser.ts', import.meta.url))

/** An erasure in a process that dies at a step: the signal it died of, or else how many steps there were. */
export async function dyingErase(directory: string, step: number): Promise<string> {
  const args = ['--conditions=lelu:source', eraser, directory, String(step)]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  let text = ''
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString()
  })
  const signal = await new Promise<string | null>((resolve) => {
    child.once('close', (_code, died) => resolve(died))
  })
  return signal ?? text.trim()
}
