/** A value as a host built-in gets it. Integers beyond 2^53 - 1 are bigint: nanoseconds must not lose digits. */
export type BuiltinValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | BuiltinValue[]
  | { [key: string]: BuiltinValue }
