import { setFlagsFromString } from 'node:v8'
import { runInThisContext } from 'node:vm'
import KeyvRedis from '@keyv/redis'
import { fromKeyv } from '@lelu/engine'
import { Keyv } from 'keyv'
import { expect, test } from 'vitest'

setFlagsFromString('--allow-natives-syntax')
const isQuick = () => runInThisContext('%HasFastProperties(String.prototype)') as boolean

test('a Redis store gives the process back the speed of strings that node-redis 5 takes', () => {
  // When this fails, the client does it by itself, and `quickenStrings` can go.
  expect(isQuick()).toBe(false)
  fromKeyv(new Keyv({ store: new KeyvRedis('redis://127.0.0.1:1') }))
  expect(isQuick()).toBe(true)
})
