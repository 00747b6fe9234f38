import { isLeluError, type Lelu } from '@lelu/engine'

/** What came of an approved call, for a host that would ask again later. */
export async function goOn(lelu: Lelu, id: string, tool: (input: unknown) => unknown) {
  try {
    return await lelu.resume(id, ({ input }) => tool(input))
  } catch (error) {
    if (!isLeluError(error)) throw error // the tool's own
    if (error.code === 'LELU_APPROVAL_EXECUTING') return 'later'
    console.error(`${error.code}: ${error.message} ${error.help}`)
    throw error
  }
}
