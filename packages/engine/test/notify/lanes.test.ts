import { describe, expect, it, vi } from 'vitest'
import { createLanes } from '../../src/notify/lanes.ts'

const turn = () => new Promise((resolve) => setImmediate(resolve))

describe('what is on its way', () => {
  it('is bounded for each target, whatever the others do', () => {
    const lanes = createLanes(['slow', 'fine'], 2)
    expect(lanes.enter(['slow'], 'a')).toEqual(['slow'])
    expect(lanes.enter(['slow', 'fine'], 'b')).toEqual(['slow', 'fine'])
    expect(lanes.enter(['slow', 'fine'], 'c')).toEqual(['fine'])
    expect(lanes.hasRoom()).toBe(false)
    lanes.leave('fine', 'b')
    expect(lanes.hasRoom()).toBe(true)
    expect(lanes.enter(['slow', 'fine'], 'd')).toEqual(['fine'])
  })

  it('is one thing of a record for a target, so that its notices come in order', async () => {
    const lanes = createLanes(['slow', 'fine'], 2)
    const freed = vi.fn()
    void lanes.room().then(freed)
    lanes.enter(['slow', 'fine'], 'a')
    lanes.leave('fine', 'a')
    expect(lanes.enter(['slow', 'fine'], 'a')).toEqual(['fine'])
    lanes.leave('fine', 'a')
    await turn()
    expect(freed).not.toHaveBeenCalled()
    lanes.leave('slow', 'a')
    await turn()
    expect(freed).toHaveBeenCalled()
    expect(lanes.enter(['slow'], 'a')).toEqual(['slow'])
  })

  it('is told to whoever was turned away when half of the room is free again', async () => {
    const lanes = createLanes(['slow'], 4)
    const freed = vi.fn()
    void lanes.room().then(freed)
    for (const record of ['a', 'b', 'c', 'd', 'e']) lanes.enter(['slow'], record)
    lanes.leave('slow', 'a')
    lanes.leave('slow', 'a') // left already: no room of another's
    lanes.leave('slow', 'e') // never let in
    await turn()
    expect(freed).not.toHaveBeenCalled()
    lanes.leave('slow', 'b')
    await turn()
    expect(freed).toHaveBeenCalled()
  })

  it('is nobody to be told of where nobody was turned away', async () => {
    const lanes = createLanes(['fine'], 1)
    const freed = vi.fn()
    void lanes.room().then(freed)
    lanes.enter(['fine'], 'a')
    lanes.leave('fine', 'a')
    await turn()
    expect(freed).not.toHaveBeenCalled()
  })
})
