import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Compiled policies are the same for every test: kept between them, under the hash of their sources, verified when read. */
export const testCache: string = join(tmpdir(), 'lelu-test-cache')
