/**
 * Version 5 of @redis/client has a class that extends `String`, which leaves `String.prototype` in V8's dictionary mode: every
 * method of a string is slower from then on, in the whole process, and a record of the log takes half as long again.
 * A property of an object that is made of it makes it fast again; version 6 does the same.
 */
export function quickenStrings(): void {
  const made = Object.create(String.prototype) as { quick?: boolean }
  made.quick = true
}
