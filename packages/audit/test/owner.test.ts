import { spawn } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { parseOwner, stateOf, thisProcess } from '../src/folder/owner.ts'

const here = thisProcess()

describe('the owner of a stream', () => {
  it('is alive while its process runs', () => {
    expect(stateOf({ ...here })).toBe('alive')
  })

  it('is dead when its process has gone', async () => {
    const child = spawn(process.execPath, ['-e', ''])
    await new Promise((resolve) => child.once('close', resolve))
    expect(stateOf({ ...here, pid: child.pid ?? 0 })).toBe('dead')
  })

  it('is dead when its number was given to another process, and after another boot of the machine', () => {
    expect(stateOf({ ...here, started: '1' })).toBe('dead')
    const machine = 'the same'
    expect(stateOf({ ...here, machine, boot: 'another' }, { ...here, machine })).toBe('dead')
  })

  it('is not known on another machine, in another container, or from a note that is none', () => {
    expect(stateOf({ ...here, machine: 'another', started: '1' })).toBe('unknown')
    expect(stateOf({ ...here, namespace: 'another', started: '1' })).toBe('unknown')
    const nowhere = { ...here, machine: null }
    expect(stateOf({ ...nowhere, boot: 'another' }, nowhere)).toBe('unknown')
    for (const text of ['', '{', 'null', '{}', '{"pid":"1"}', '{"pid":0}']) {
      expect(stateOf(parseOwner(text))).toBe('unknown')
    }
  })
})
