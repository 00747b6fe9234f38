import { RegoError } from '../../src/index.ts'

/** The RegoError a call must end with. */
export async function failure(call: Promise<unknown>): Promise<RegoError> {
  try {
    await call
  } catch (error) {
    if (error instanceof RegoError) return error
    throw error
  }
  throw new Error('the call was expected to fail and did not')
}
