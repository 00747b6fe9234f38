import { types } from 'node:util'
import canonicalize from 'canonicalize'
import { AuditError } from '../errors.ts'

/** Deeper than this a value counts as broken: no stack is spent on hostile nesting. */
export const maxDepth = 1000

/**
 * The RFC 8785 (JCS) text of plain JSON data: one text per value, so that it can be hashed and signed.
 * Throws `LELU_JSON_INVALID` for whatever JSON cannot carry; nothing is dropped or converted (but -0, which JCS writes as 0).
 */
export function canonicalJson(value: unknown): string {
  assertJson(value, [], new Set())
  return canonicalize(value) as string
}

/** The error for a value that JSON cannot carry. The keys on the way to it are data, so they are no part of the message. */
export function jsonError(what: string, path: readonly (string | number)[] = []): AuditError {
  return new AuditError('LELU_JSON_INVALID', `The value is not plain JSON data: ${what}.`, {
    help: 'Pass only null, booleans, finite numbers, well-formed strings, arrays and plain objects; leave out members without a value.',
    details: { path: [...path] },
  })
}

function assertJson(value: unknown, path: (string | number)[], open: Set<object>): void {
  switch (typeof value) {
    case 'boolean':
      return
    case 'string':
      if (!value.isWellFormed()) throw jsonError('a string holds a lone surrogate', path)
      return
    case 'number':
      if (!Number.isFinite(value)) throw jsonError('a number is NaN or infinite', path)
      return
    case 'object':
      if (value !== null) assertContainer(value, path, open)
      return
    default:
      throw jsonError(`it holds a ${typeof value}`, path)
  }
}

function assertContainer(value: object, path: (string | number)[], open: Set<object>): void {
  if (open.has(value)) throw jsonError('it contains itself', path)
  if (open.size > maxDepth) throw jsonError('it is nested too deeply', [])
  // A proxy or a getter can answer this check with one value and the serialiser with another.
  if (types.isProxy(value)) throw jsonError('it holds a proxy', path)
  open.add(value)
  if (Array.isArray(value)) assertArray(value, path, open)
  else assertObject(value, path, open)
  open.delete(value)
}

function assertArray(value: unknown[], path: (string | number)[], open: Set<object>): void {
  if (Object.getPrototypeOf(value) !== Array.prototype)
    throw jsonError('it holds a class instance', path)
  // Own keys in order: the indices first, then `length`; a hole or a further member changes the count.
  if (Reflect.ownKeys(value).length !== value.length + 1) {
    throw jsonError('an array has holes or named members', path)
  }
  for (let index = 0; index < value.length; index += 1) {
    path.push(index)
    assertMember(value, index, path, open)
    path.pop()
  }
}

function assertObject(value: object, path: (string | number)[], open: Set<object>): void {
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) {
    throw jsonError('it holds a class instance', path)
  }
  for (const key of Reflect.ownKeys(value)) {
    if (typeof key === 'symbol') throw jsonError('a member is named by a symbol', path)
    path.push(key)
    if (!key.isWellFormed()) throw jsonError('a member name holds a lone surrogate', path)
    assertMember(value, key, path, open)
    path.pop()
  }
}

function assertMember(
  holder: object,
  key: string | number,
  path: (string | number)[],
  open: Set<object>,
): void {
  const member = Object.getOwnPropertyDescriptor(holder, key)
  if (member === undefined || !('value' in member)) throw jsonError('a member is computed', path)
  if (member.enumerable !== true) throw jsonError('a member is hidden (not enumerable)', path)
  assertJson(member.value, path, open)
}
