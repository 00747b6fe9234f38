import { expect, test } from 'vitest'
import { workerWords } from '../src/worker-words.ts'

test('from its sources the suite starts processes that run sources', () => {
  expect(workerWords('file:///lelu/packages/testing/src/life.ts')).toEqual([
    '--conditions=lelu:source',
    '/lelu/packages/testing/src/worker.ts',
  ])
})

test('in the project of whoever writes an adapter its processes run what is installed there, wherever that is', () => {
  const installed = 'file:///my%20adapter/node_modules/@lelu/testing/dist/life.js'
  expect(workerWords(installed)).toEqual(['/my adapter/node_modules/@lelu/testing/dist/worker.js'])
})
