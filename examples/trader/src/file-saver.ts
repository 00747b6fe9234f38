import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { MemorySaver } from '@langchain/langgraph-checkpoint'

/** LangGraph's memory saver with a file behind it. One process at a time; a service takes a saver with a database. */
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
    const text = JSON.stringify({ storage: this.storage, writes: this.writes }, (_key, member) =>
      member instanceof Uint8Array ? { bytes: Buffer.from(member).toString('base64') } : member,
    )
    const written = `${this.#file}.${process.pid}`
    writeFileSync(written, text)
    renameSync(written, this.#file)
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
