import { EventEmitter } from 'node:events'
import { expect, it } from 'vitest'
import { redisCommands } from '../../src/store/redis-client.ts'

/** A client that is connected and never answers. */
function silentClient(emitter: EventEmitter) {
  return redisCommands({
    name: 'redis',
    keyPrefix: undefined,
    emitter,
    isReady: () => true,
    begin: async () => {},
    lost: ['error'],
    send: () => new Promise(() => {}),
  })
}

it('rejects what is on its way when the connection is lost, though another listener throws', async () => {
  const emitter = new EventEmitter()
  // Keyv 6 does that when nobody listens to its errors.
  emitter.on('error', (error) => {
    throw error
  })
  const commands = silentClient(emitter)
  const sent = commands.send(['PING'])
  expect(() => emitter.emit('error', new Error('the socket closed'))).toThrow('the socket closed')
  await expect(sent).rejects.toMatchObject({
    code: 'LELU_STORE_UNAVAILABLE',
    message: expect.stringContaining('the socket closed'),
  })
  expect(commands.losses()).toBe(1)
})

it('holds a lost connection against nothing that is sent afterwards', async () => {
  const emitter = new EventEmitter()
  const commands = silentClient(emitter)
  emitter.emit('error', new Error('gone'))
  const waits = new Promise((next) => setTimeout(next, 20, 'waits'))
  expect(await Promise.race([commands.send(['PING']), waits])).toBe('waits')
})
