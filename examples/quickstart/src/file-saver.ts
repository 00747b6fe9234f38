import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { MemorySaver } from '@langchain/langgraph-checkpoint'

const toText = (value: unknown): string =>
  JSON.stringify(value, (_key, member: unknown) =>
    member instanceof Uint8Array ? { bytes: Buffer.from(member).toString('base64') } : member,
  )

const fromText = (text: string): unknown =>
  JSON.parse(text, (_key, member: unknown) => {
    const bytes = (member as { bytes?: unknown } | null)?.bytes
    return typeof bytes === 'string' ? new Uint8Array(Buffer.from(bytes, 'base64')) : member
  })

/**
 * LangGraph's memory saver with a file behind it, so that a thread outlives its process. Enough for one process at
 * a time; a service takes a saver with a database.
 */
export class FileSaver extends MemorySaver {
  readonly #file: string

  constructor(file: string) {
    super()
    this.#file = file
    if (!existsSync(file)) return
    const { storage, writes } = fromText(readFileSync(file, 'utf8')) as MemorySaver
    Object.assign(this.storage, storage)
    Object.assign(this.writes, writes)
  }

  #save(): void {
    const { storage, writes } = this
    writeFileSync(`${this.#file}.new`, toText({ storage, writes }))
    renameSync(`${this.#file}.new`, this.#file)
  }

  override async put(...given: Parameters<MemorySaver['put']>): ReturnType<MemorySaver['put']> {
    const config = await super.put(...given)
    this.#save()
    return config
  }

  override async putWrites(...given: Parameters<MemorySaver['putWrites']>): Promise<void> {
    await super.putWrites(...given)
    this.#save()
  }
}
