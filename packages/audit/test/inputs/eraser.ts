// A process that keeps an opening, then erases its subject and kills itself (SIGKILL) before its n-th step on the disk;
// never at 0. It prints how many steps there were. Arguments: directory, n.
import * as disk from 'node:fs/promises'
import { commitInput } from '../../src/index.ts'
import { folderOpenings, type OpeningsDisk } from '../../src/inputs/folder-openings.ts'
import { openingsOver } from '../../src/inputs/openings.ts'

const [directory = '', at = '0'] = process.argv.slice(2)
let counting = false
let step = 0

function counted<A extends unknown[], T>(operation: (...args: A) => T): (...args: A) => T {
  return (...args) => {
    if (counting) step += 1
    if (counting && step === Number(at)) process.kill(process.pid, 'SIGKILL')
    return operation(...args)
  }
}

const { link, mkdir, open, readdir, readFile, rename, rm } = disk
const files = Object.fromEntries(
  Object.entries({ link, mkdir, open, readdir, readFile, rename, rm }).map(([name, operation]) => [
    name,
    counted(operation as (...args: unknown[]) => unknown),
  ]),
) as unknown as OpeningsDisk

const openings = await openingsOver(folderOpenings(directory, files), {})
const { openings: made } = commitInput('a value')
openings.keep(openings.hashOf({ id: 'ada' }), 'one', made)
await openings.flush()
counting = true
await openings.erase({ id: 'ada' })
console.log(step)
