import { isObject } from './is-object.ts'

type Parser = (text: string) => unknown

/** Which texts of the model came out as which arguments: `runTools` parses first, and tells a callback only the latter. */
export type ParsedTexts = {
  /** The same parser, remembered. */
  remember(parse: Parser): Parser
  /** Those of the written texts that these very arguments may have come of. Without a parser, they are the text. */
  textsOf(args: unknown, written: readonly string[]): Promise<readonly unknown[]>
}

export function parsedTexts(): ParsedTexts {
  /** Undefined for an object that came of more than one text, as out of a cache. */
  const kept = new WeakMap<object, string | undefined>()
  let parser: Parser | undefined

  function keep<P>(parsed: P, text: string): P {
    if (isObject(parsed)) {
      const isNew = !kept.has(parsed) || kept.get(parsed) === text
      kept.set(parsed, isNew ? text : undefined)
    }
    return parsed
  }

  async function parsesTo(args: unknown, text: string): Promise<boolean> {
    try {
      return Object.is(await parser?.(text), args)
    } catch {
      return false
    }
  }

  return {
    remember(parse) {
      parser = parse
      return (text) => {
        const parsed = parse(text)
        return parsed instanceof Promise
          ? parsed.then((one) => keep(one, text))
          : keep(parsed, text)
      }
    },
    async textsOf(args, written) {
      if (parser === undefined) return [args]
      const known = isObject(args) ? kept.get(args) : undefined
      if (known !== undefined) return [known]
      // No object of its own tells of which text it came, so the parser says it once more.
      const came = await Promise.all(written.map((text) => parsesTo(args, text)))
      return written.filter((_, index) => came[index])
    },
  }
}
