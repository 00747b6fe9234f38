// The engine refuses a whole request for a text that could not go to a log: what comes from a provider is made fit.

const longest = 256

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
const controls = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/

/** The model's name as a member of a signal, when it is a name. */
export function safeModel(model: unknown): { model?: string } {
  const fits =
    typeof model === 'string' &&
    model !== '' &&
    model.length <= longest &&
    !controls.test(model) &&
    model.isWellFormed()
  return fits ? { model } : {}
}

/** A text of the model's, shortened, for the evidence of a signal. */
export function shown(text: string): string {
  return (text.length > 64 ? `${text.slice(0, 64)}…` : text).toWellFormed()
}
