/**
 * A line broken at spaces for a terminal so wide; further lines get an indent. A word that is longer (an id, a digest)
 * is left whole, so that it can be copied. Without columns it stays one line.
 */
export function wrapped(line: string, indent: number, columns: number | undefined): string[] {
  if (columns === undefined || line.length <= columns) return [line]
  const room = Math.max(columns, indent + 16)
  const lines: string[] = []
  let rest = line
  while (rest.length > room) {
    const end = rest.lastIndexOf(' ', room)
    const at = end > indent ? end : rest.indexOf(' ', room)
    if (at === -1) break
    lines.push(rest.slice(0, at))
    rest = `${' '.repeat(indent)}${rest.slice(at + 1)}`
  }
  return [...lines, rest]
}
