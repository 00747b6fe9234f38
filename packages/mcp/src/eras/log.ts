/** Takes what the server has to say to whoever runs it. Never an input, a token or the text of a foreign error. */
export type Log = (
  level: 'debug' | 'info' | 'warn' | 'error',
  message: string,
  fields?: Readonly<Record<string, string | number | boolean>>,
) => void

export const silent: Log = () => {}
