import { diskFiles, type FileLayer } from '../src/folder/file-layer.ts'

export type Operation =
  | 'append'
  | 'sync'
  | 'create'
  | 'makeFolder'
  | 'syncFolder'
  | 'replace'
  | 'rename'

/** The real disk, but `before` can make an operation fail or wait, and `after` sees what has been done. */
export function faultyFiles({
  before = async () => {},
  after = () => {},
}: {
  before?: (operation: Operation, path: string) => Promise<void>
  after?: (operation: Operation, path: string) => void
}): FileLayer {
  async function run<T>(operation: Operation, path: string, work: () => Promise<T>): Promise<T> {
    await before(operation, path)
    const result = await work()
    after(operation, path)
    return result
  }
  return {
    makeFolder: (path) => run('makeFolder', path, () => diskFiles.makeFolder(path)),
    syncFolder: (path) => run('syncFolder', path, () => diskFiles.syncFolder(path)),
    replace: (path, bytes, draft) =>
      run('replace', path, () => diskFiles.replace(path, bytes, draft)),
    rename: (from, to) => run('rename', to, () => diskFiles.rename(from, to)),
    create: (path) =>
      run('create', path, async () => {
        const file = await diskFiles.create(path)
        return {
          append: (bytes) => run('append', path, async () => file.append(bytes)),
          sync: () => run('sync', path, () => file.sync()),
          close: () => file.close(),
        }
      }),
  }
}

export function diskError(code: string): Error {
  return Object.assign(new Error(`${code}: injected`), { code })
}
