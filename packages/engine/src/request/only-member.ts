/**
 * The one member of what a host names, and its value; undefined for none or several. Whoever named an agent and a user, or
 * an agent and everything, would believe that both were meant.
 */
export function onlyMember(given: unknown): [name: string, value: unknown] | undefined {
  const members = Object.entries(given ?? {})
  return members.length === 1 ? members[0] : undefined
}
