/** A text as one word of a shell, for commands that a person copies. What stands for home at its beginning stays. */
export function shellWord(text: string): string {
  if (text.startsWith('~/')) return `~/${text.length > 2 ? shellWord(text.slice(2)) : ''}`
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}
