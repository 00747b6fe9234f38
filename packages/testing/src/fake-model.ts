import type { ScriptedCall } from './harness.ts'

/** What the model says when it has made the calls of all steps. */
export const lastWord = 'Finished.'

/** What the model says next, in no provider's words: the harness puts it into those of its own. */
export type FakeModel = {
  /**
   * The calls of its next answer; none when it says `lastWord`. `said` is how many answers it has given since the user
   * spoke last. Throws when the provider is down.
   */
  answer(said: number): readonly ScriptedCall[]
}

/** A model that makes the calls of each step in turn. With `down`, whoever asks it gets an error. */
export function fakeModel(
  steps: readonly (readonly ScriptedCall[])[],
  { down = false }: { down?: boolean | undefined } = {},
): FakeModel {
  return {
    answer(said) {
      if (down) throw new Error('The provider of the model is down.')
      return steps[said] ?? []
    },
  }
}

/** The text of a call's arguments, as a provider would send it. */
export function argumentsText({ input }: ScriptedCall): string {
  const { raw } = (input ?? {}) as { raw?: unknown }
  return typeof raw === 'string' ? raw : JSON.stringify(input)
}
