import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { MemorySaver } from '@langchain/langgraph-checkpoint'

/** A memory saver with a file behind it, so that a thread outlives its process. */
export class FileSaver extends MemorySaver {
  readonly #file: string

  constructor(file: string) {
    super()
    this.#file = file
    if (!existsSync(file)) return
    const saved = JSON.parse(readFileSync(file, 'utf8'), (_key, member) =>
      typeof member?.bytes === 'string'
        ? new Uint8Array(Buffer.from(member.bytes, 'base64'))
        : member,
    ) as MemorySaver
    Object.assign(this.storage, saved.storage)
    Object.assign(this.writes, saved.writes)
  }

  #save(): void {
    const { storage, writes } = this
    const text = JSON.stringify({ storage, writes }, (_key, member) =>
      member instanceof Uint8Array ? { bytes: Buffer.from(member).toString('base64') } : member,
    )
    // In one step: another process may be reading it.
    const draft = `${this.#file}.${process.pid}`
    writeFileSync(draft, text)
    renameSync(draft, this.#file)
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
