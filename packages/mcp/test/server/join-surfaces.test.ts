import { describe, expect, it } from 'vitest'
import { joinSurfaces } from '../../src/server/join-surfaces.ts'
import type { Principal } from '../../src/surface/principal.ts'
import type { McpTool, Surface, SurfaceChange } from '../../src/surface/surface.ts'

const principal: Principal = {
  key: 'test|a',
  subject: { id: 'a', type: 'agent' },
  tenant: 'default',
  scopes: ['call'],
  reviewer: null,
}

const tool = (name: string, description: string): McpTool => ({
  name,
  description,
  inputSchema: { type: 'object' },
  call: async () => ({ kind: 'result', result: { content: [] } }),
})

const tasks: Surface['tasks'] = {
  get: async () => undefined,
  update: async () => false,
  cancel: async () => false,
}

describe('several surfaces joined', () => {
  it('show the tools of all in their order, and the first of two with one name', async () => {
    const own: Surface = { tools: () => [tool('lelu_approve', 'ours'), tool('b', 'ours')] }
    const upstream: Surface = { tools: async () => [tool('lelu_approve', 'theirs'), tool('a', '')] }
    const tools = await joinSurfaces(own, upstream).tools(principal)
    expect(tools.map(({ name, description }) => `${name} ${description}`)).toEqual([
      'lelu_approve ours',
      'b ours',
      'a ',
    ])
  })

  it('find the first of two with one name, whichever of them can look one up', async () => {
    const named = (description: string, lookUp: boolean): Surface => {
      const tools = [tool('lelu_approve', description), tool(description, '')]
      const find = (name: string) => tools.find((one) => one.name === name)
      return { tools: () => tools, ...(lookUp && { tool: find }) }
    }
    for (const [one, other] of [
      [true, true],
      [true, false],
      [false, true],
      [false, false],
    ] as const) {
      const joined = joinSurfaces(named('ours', one), named('theirs', other))
      expect((await joined.tool?.('lelu_approve', principal))?.description).toBe('ours')
      expect((await joined.tool?.('theirs', principal))?.name).toBe('theirs')
      expect(await joined.tool?.('none', principal)).toBeUndefined()
    }
  })

  it('read a resource from the first that has it, and fail where one fails before that', async () => {
    const none: Surface = { tools: () => [], read: async () => undefined }
    const some: Surface = {
      tools: () => [],
      read: async (uri) => ({ contents: [{ uri, text: '1' }] }),
    }
    const broken: Surface = {
      tools: () => [],
      read: async () => Promise.reject(new Error('store')),
    }
    expect(await joinSurfaces(none, some).read?.('x:1', principal)).toEqual({
      contents: [{ uri: 'x:1', text: '1' }],
    })
    expect(await joinSurfaces(none, none).read?.('x:1', principal)).toBeUndefined()
    await expect(joinSurfaces(broken, some).read?.('x:1', principal)).rejects.toThrow('store')
  })

  it('tell of the changes of each until they are asked to stop', () => {
    const listeners = new Set<(change: SurfaceChange) => void>()
    const changing: Surface = {
      tools: () => [],
      onChange(listener) {
        listeners.add(listener)
        return () => listeners.delete(listener)
      },
    }
    const heard: SurfaceChange[] = []
    const stop = joinSurfaces(changing, { tools: () => [] }).onChange?.((one) => heard.push(one))
    for (const listener of listeners) listener({ kind: 'tools' })
    stop?.()
    expect(heard).toEqual([{ kind: 'tools' }])
    expect(listeners.size).toBe(0)
  })

  it('have one keeper of tasks at most', () => {
    const keeping: Surface = { tools: () => [], tasks }
    expect(joinSurfaces(keeping, { tools: () => [] }).tasks).toBe(tasks)
    expect(() => joinSurfaces(keeping, keeping)).toThrow('Only one surface can keep tasks.')
  })
})
