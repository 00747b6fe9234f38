let loading: Promise<typeof import('jose')> | undefined

/** Loaded with the first token: most processes decide long before they see one, and it is the largest dependency. */
export function loadJose(): Promise<typeof import('jose')> {
  loading ??= import('jose')
  return loading
}
